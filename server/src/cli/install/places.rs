//! Where coding agents and editors keep the settings of a user. Pure: the system and its variables are given.

use super::super::args::CodingAgent;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The systems whose conventions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Linux,
    MacOs,
    Windows,
}

impl System {
    /// This one; what is neither macOS nor Windows keeps to Linux's conventions.
    pub(super) fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

/// The file, for all repositories of a user; `None` where the agent has settings of a repository alone.
pub(super) fn of_user(
    agent: CodingAgent,
    system: System,
    home: &Path,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = match agent {
        CodingAgent::Claude | CodingAgent::VsCode => return None,
        CodingAgent::Codex => set("CODEX_HOME").unwrap_or_else(|| home.join(".codex")),
        CodingAgent::Gemini => home.join(".gemini"),
        CodingAgent::Cursor => home.join(".cursor"),
        CodingAgent::Windsurf => home.join(".codeium").join("windsurf"),
        CodingAgent::Zed => match system {
            System::Linux => set("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("zed"),
            System::MacOs => home.join(".config").join("zed"),
            System::Windows => set("APPDATA").unwrap_or_else(|| home.join("AppData").join("Roaming")).join("Zed"),
        },
    };
    Some(folder.join(match agent {
        CodingAgent::Codex => "config.toml",
        CodingAgent::Cursor => "mcp.json",
        CodingAgent::Windsurf => "mcp_config.json",
        CodingAgent::Claude | CodingAgent::Gemini | CodingAgent::VsCode | CodingAgent::Zed => "settings.json",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use CodingAgent::{Claude, Codex, Cursor, Gemini, VsCode, Windsurf, Zed};
    use System::{Linux, MacOs, Windows};

    #[test]
    fn each_product_has_its_place_on_each_system() {
        let variables = [("XDG_CONFIG_HOME", "/xdg"), ("APPDATA", "/roaming"), ("CODEX_HOME", "/codex")];
        let set =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        let empty = |_: &str| Some(OsString::new());
        for (agent, system, without, with) in [
            (Codex, Linux, "/home/ada/.codex/config.toml", "/codex/config.toml"),
            (Codex, MacOs, "/home/ada/.codex/config.toml", "/codex/config.toml"),
            (Codex, Windows, "/home/ada/.codex/config.toml", "/codex/config.toml"),
            (Gemini, Linux, "/home/ada/.gemini/settings.json", "/home/ada/.gemini/settings.json"),
            (Gemini, MacOs, "/home/ada/.gemini/settings.json", "/home/ada/.gemini/settings.json"),
            (Gemini, Windows, "/home/ada/.gemini/settings.json", "/home/ada/.gemini/settings.json"),
            (Cursor, Linux, "/home/ada/.cursor/mcp.json", "/home/ada/.cursor/mcp.json"),
            (Cursor, MacOs, "/home/ada/.cursor/mcp.json", "/home/ada/.cursor/mcp.json"),
            (Cursor, Windows, "/home/ada/.cursor/mcp.json", "/home/ada/.cursor/mcp.json"),
            (
                Windsurf,
                Linux,
                "/home/ada/.codeium/windsurf/mcp_config.json",
                "/home/ada/.codeium/windsurf/mcp_config.json",
            ),
            (
                Windsurf,
                MacOs,
                "/home/ada/.codeium/windsurf/mcp_config.json",
                "/home/ada/.codeium/windsurf/mcp_config.json",
            ),
            (
                Windsurf,
                Windows,
                "/home/ada/.codeium/windsurf/mcp_config.json",
                "/home/ada/.codeium/windsurf/mcp_config.json",
            ),
            (Zed, Linux, "/home/ada/.config/zed/settings.json", "/xdg/zed/settings.json"),
            (Zed, MacOs, "/home/ada/.config/zed/settings.json", "/home/ada/.config/zed/settings.json"),
            (Zed, Windows, "/home/ada/AppData/Roaming/Zed/settings.json", "/roaming/Zed/settings.json"),
        ] {
            let at = |variable| of_user(agent, system, Path::new("/home/ada"), variable).unwrap();
            assert_eq!(at(&empty), PathBuf::from(without), "{agent:?} on {system:?}");
            assert_eq!(at(&set), PathBuf::from(with), "{agent:?} on {system:?}, by its variables");
        }
        for agent in [Claude, VsCode] {
            assert_eq!(of_user(agent, Linux, Path::new("/home/ada"), &set), None, "{agent:?} has a repository's alone");
        }
    }
}
