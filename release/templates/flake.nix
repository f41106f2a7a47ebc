{
  description = "Several AI agents review your branch at once";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      programs = {
        x86_64-linux = { archive = "@ARCHIVE_X86_64_UNKNOWN_LINUX_MUSL@"; sha256 = "@SHA256_X86_64_UNKNOWN_LINUX_MUSL@"; };
        aarch64-linux = { archive = "@ARCHIVE_AARCH64_UNKNOWN_LINUX_MUSL@"; sha256 = "@SHA256_AARCH64_UNKNOWN_LINUX_MUSL@"; };
        x86_64-darwin = { archive = "@ARCHIVE_X86_64_APPLE_DARWIN@"; sha256 = "@SHA256_X86_64_APPLE_DARWIN@"; };
        aarch64-darwin = { archive = "@ARCHIVE_AARCH64_APPLE_DARWIN@"; sha256 = "@SHA256_AARCH64_APPLE_DARWIN@"; };
      };
    in {
      packages = builtins.mapAttrs (system: program:
        let pkgs = nixpkgs.legacyPackages.${system};
        in {
          default = pkgs.stdenvNoCC.mkDerivation {
            pname = "deep-review";
            version = "@VERSION@";
            src = pkgs.fetchurl { url = "@DOWNLOAD@/${program.archive}"; inherit (program) sha256; };
            nativeBuildInputs = [ pkgs.installShellFiles pkgs.makeWrapper ];
            installPhase = ''
              install -Dm755 deep-review $out/bin/deep-review
              wrapProgram $out/bin/deep-review --suffix PATH : ${pkgs.lib.makeBinPath [ pkgs.git ]}
              installManPage man/deep-review.1
              installShellCompletion --bash completions/deep-review.bash --zsh completions/_deep-review --fish completions/deep-review.fish
            '';
            meta = { mainProgram = "deep-review"; homepage = "@HOMEPAGE@"; license = with pkgs.lib.licenses; [ mit asl20 ]; };
          };
        }) programs;
    };
}
