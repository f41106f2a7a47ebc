class DeepReview < Formula
  desc "Several AI agents review your branch at once"
  homepage "@HOMEPAGE@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@DOWNLOAD@/@ARCHIVE_AARCH64_APPLE_DARWIN@"
      sha256 "@SHA256_AARCH64_APPLE_DARWIN@"
    end
    on_intel do
      url "@DOWNLOAD@/@ARCHIVE_X86_64_APPLE_DARWIN@"
      sha256 "@SHA256_X86_64_APPLE_DARWIN@"
    end
  end

  on_linux do
    on_arm do
      url "@DOWNLOAD@/@ARCHIVE_AARCH64_UNKNOWN_LINUX_GNU@"
      sha256 "@SHA256_AARCH64_UNKNOWN_LINUX_GNU@"
    end
    on_intel do
      url "@DOWNLOAD@/@ARCHIVE_X86_64_UNKNOWN_LINUX_GNU@"
      sha256 "@SHA256_X86_64_UNKNOWN_LINUX_GNU@"
    end
  end

  depends_on "git"

  def install
    bin.install "deep-review"
    man1.install "man/deep-review.1"
    bash_completion.install "completions/deep-review.bash" => "deep-review"
    zsh_completion.install "completions/_deep-review"
    fish_completion.install "completions/deep-review.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/deep-review --version")
  end
end
