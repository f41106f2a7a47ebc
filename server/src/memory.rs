//! How much memory the process keeps that it does not use.

/// To be called before there is a second thread. glibc gives threads pools of their own, as many as eight for each core, and
/// what is free in one of them no other thread gets: what a round went through on its way (it is read, merged and written by
/// whichever threads are idle) lay about in all of them. Small pieces come from a thread's own cache first, so that few pools
/// are no place to queue at.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn share_pools() {
    const MOST: usize = 4;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    #[expect(unsafe_code, reason = "nothing but the C library itself says how it keeps memory")]
    // SAFETY: it takes no pointer, and there is no other thread yet that could ask for memory meanwhile.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, cores.min(MOST) as libc::c_int);
    }
}

/// Other C libraries have one pool for all.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn share_pools() {}
