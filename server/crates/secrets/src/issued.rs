//! Keys whose issuers gave them a prefix, so that they can be found.

use super::{Kind, Secret};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::sync::LazyLock;

/// Of which characters the rest of a key consists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Hex,
    Upper,
    Alnum,
    /// Letters, digits and `_`.
    Word,
    /// The same and `-`.
    Dash,
    /// The same and `.`, `=`.
    Dots,
    /// Base64 of both alphabets.
    Base64,
}

impl Of {
    fn has(self, b: u8) -> bool {
        match self {
            Self::Hex => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
            Self::Upper => b.is_ascii_digit() || b.is_ascii_uppercase(),
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Word => b.is_ascii_alphanumeric() || b == b'_',
            Self::Dash => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Self::Dots => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'='),
            Self::Base64 => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'='),
        }
    }
}

/// Prefix, issuer, what follows, and how many characters of it at least and at most.
type Form = (&'static str, &'static str, Of, usize, usize);

const ANY: usize = usize::MAX;

const FORMS: &[Form] = &[
    ("AKIA", "AWS", Of::Upper, 16, 16),
    ("ASIA", "AWS", Of::Upper, 16, 16),
    ("ABIA", "AWS", Of::Upper, 16, 16),
    ("ACCA", "AWS", Of::Upper, 16, 16),
    ("ABSK", "AWS", Of::Base64, 100, ANY),
    ("ghp_", "GitHub", Of::Alnum, 36, 255),
    ("gho_", "GitHub", Of::Alnum, 36, 255),
    ("ghu_", "GitHub", Of::Alnum, 36, 255),
    ("ghs_", "GitHub", Of::Dots, 36, ANY),
    ("ghr_", "GitHub", Of::Alnum, 36, 255),
    ("github_pat_", "GitHub", Of::Word, 22, 255),
    ("glpat-", "GitLab", Of::Dots, 20, ANY),
    ("gldt-", "GitLab", Of::Dash, 20, ANY),
    ("glrt-", "GitLab", Of::Dots, 20, ANY),
    ("glcbt-", "GitLab", Of::Dash, 20, ANY),
    ("glptt-", "GitLab", Of::Hex, 40, ANY),
    ("glft-", "GitLab", Of::Dash, 20, ANY),
    ("glsoat-", "GitLab", Of::Dash, 20, ANY),
    ("glagent-", "GitLab", Of::Dash, 40, ANY),
    ("glimt-", "GitLab", Of::Dash, 20, ANY),
    ("gloas-", "GitLab", Of::Dash, 40, ANY),
    ("ATBB", "Bitbucket", Of::Alnum, 28, ANY),
    ("ATATT3x", "Atlassian", Of::Base64, 60, ANY),
    ("ATCTT3x", "Atlassian", Of::Base64, 60, ANY),
    ("sk-ant-", "Anthropic", Of::Dash, 20, ANY),
    ("sk-proj-", "OpenAI", Of::Dash, 20, ANY),
    ("sk-svcacct-", "OpenAI", Of::Dash, 20, ANY),
    ("sk-admin-", "OpenAI", Of::Dash, 20, ANY),
    ("sk-or-", "OpenRouter", Of::Dash, 20, ANY),
    ("sk-lf-", "Langfuse", Of::Dash, 20, ANY),
    ("sk-", "OpenAI", Of::Dash, 20, ANY),
    ("lsv2_pt_", "LangSmith", Of::Word, 32, ANY),
    ("lsv2_sk_", "LangSmith", Of::Word, 32, ANY),
    ("gsk_", "Groq", Of::Alnum, 40, ANY),
    ("xai-", "xAI", Of::Alnum, 40, ANY),
    ("pplx-", "Perplexity", Of::Alnum, 32, ANY),
    ("r8_", "Replicate", Of::Alnum, 32, ANY),
    ("pcsk_", "Pinecone", Of::Word, 40, ANY),
    ("hf_", "Hugging Face", Of::Alnum, 30, ANY),
    ("api_org_", "Hugging Face", Of::Alnum, 30, ANY),
    ("tvly-", "Tavily", Of::Dash, 24, ANY),
    ("AIza", "Google", Of::Dash, 35, 35),
    ("ya29.", "Google", Of::Dash, 30, ANY),
    ("GOCSPX-", "Google", Of::Dash, 24, ANY),
    ("1//0", "Google", Of::Dash, 30, ANY),
    ("xoxa-", "Slack", Of::Dash, 10, ANY),
    ("xoxb-", "Slack", Of::Dash, 10, ANY),
    ("xoxe-", "Slack", Of::Dash, 10, ANY),
    ("xoxe.xoxp-", "Slack", Of::Dash, 10, ANY),
    ("xoxo-", "Slack", Of::Dash, 10, ANY),
    ("xoxp-", "Slack", Of::Dash, 10, ANY),
    ("xoxr-", "Slack", Of::Dash, 10, ANY),
    ("xoxs-", "Slack", Of::Dash, 10, ANY),
    ("xapp-", "Slack", Of::Dash, 20, ANY),
    ("sk_live_", "Stripe", Of::Alnum, 10, ANY),
    ("sk_test_", "Stripe", Of::Alnum, 10, ANY),
    ("rk_live_", "Stripe", Of::Alnum, 10, ANY),
    ("rk_test_", "Stripe", Of::Alnum, 10, ANY),
    ("whsec_", "Stripe", Of::Base64, 24, ANY),
    ("rzp_live_", "Razorpay", Of::Alnum, 14, ANY),
    ("rzp_test_", "Razorpay", Of::Alnum, 14, ANY),
    ("sq0atp-", "Square", Of::Dash, 22, ANY),
    ("sq0csp-", "Square", Of::Dash, 40, ANY),
    ("EAAAE", "Square", Of::Dash, 55, 65),
    ("access_token$production$", "PayPal", Of::Word, 20, ANY),
    ("access_token$sandbox$", "PayPal", Of::Word, 20, ANY),
    ("FLWSECK-", "Flutterwave", Of::Dash, 20, ANY),
    ("FLWSECK_TEST-", "Flutterwave", Of::Dash, 12, ANY),
    ("shpat_", "Shopify", Of::Alnum, 32, ANY),
    ("shpca_", "Shopify", Of::Alnum, 32, ANY),
    ("shppa_", "Shopify", Of::Alnum, 32, ANY),
    ("shpss_", "Shopify", Of::Alnum, 32, ANY),
    ("npm_", "npm", Of::Alnum, 36, 36),
    ("pypi-", "PyPI", Of::Dash, 50, ANY),
    ("rubygems_", "RubyGems", Of::Hex, 48, 48),
    ("cio", "crates.io", Of::Alnum, 32, 32),
    ("oy2", "NuGet", Of::Alnum, 43, 43),
    ("CLOJARS_", "Clojars", Of::Alnum, 60, 60),
    ("dckr_pat_", "Docker", Of::Dash, 20, ANY),
    ("dckr_oat_", "Docker", Of::Dash, 20, ANY),
    ("SG.", "SendGrid", Of::Dots, 60, ANY),
    ("xkeysib-", "Brevo", Of::Dash, 64, ANY),
    ("xsmtpsib-", "Brevo", Of::Dash, 64, ANY),
    ("key-", "Mailgun", Of::Hex, 32, 32),
    ("re_", "Resend", Of::Alnum, 24, 40),
    ("dop_v1_", "DigitalOcean", Of::Hex, 64, 64),
    ("doo_v1_", "DigitalOcean", Of::Hex, 64, 64),
    ("dor_v1_", "DigitalOcean", Of::Hex, 64, 64),
    ("dapi", "Databricks", Of::Hex, 32, 34),
    ("dp.pt.", "Doppler", Of::Alnum, 40, ANY),
    ("dp.st.", "Doppler", Of::Dots, 40, ANY),
    ("dt0c01.", "Dynatrace", Of::Dots, 60, ANY),
    ("glsa_", "Grafana", Of::Word, 32, ANY),
    ("glc_", "Grafana", Of::Base64, 32, ANY),
    ("hvs.", "HashiCorp Vault", Of::Dash, 24, ANY),
    ("hvb.", "HashiCorp Vault", Of::Dash, 24, ANY),
    ("hvr.", "HashiCorp Vault", Of::Dash, 24, ANY),
    ("lin_api_", "Linear", Of::Alnum, 32, ANY),
    ("lin_oauth_", "Linear", Of::Alnum, 32, ANY),
    ("ntn_", "Notion", Of::Alnum, 40, ANY),
    ("secret_", "Notion", Of::Alnum, 43, 43),
    ("figd_", "Figma", Of::Dash, 30, ANY),
    ("CCIPAT_", "CircleCI", Of::Word, 40, ANY),
    ("CFPAT-", "Contentful", Of::Dash, 40, ANY),
    ("HRKU-", "Heroku", Of::Dash, 36, ANY),
    ("NRAK-", "New Relic", Of::Upper, 27, 27),
    ("NRII-", "New Relic", Of::Dash, 32, ANY),
    ("pscale_tkn_", "PlanetScale", Of::Dots, 30, ANY),
    ("pscale_pw_", "PlanetScale", Of::Dots, 30, ANY),
    ("pscale_oauth_", "PlanetScale", Of::Dots, 30, ANY),
    ("PMAK-", "Postman", Of::Dash, 56, ANY),
    ("pnu_", "Prefect", Of::Alnum, 36, 36),
    ("pul-", "Pulumi", Of::Hex, 40, 40),
    ("rdme_", "ReadMe", Of::Alnum, 70, 70),
    ("sntrys_", "Sentry", Of::Base64, 40, ANY),
    ("sntryu_", "Sentry", Of::Hex, 64, 64),
    ("shippo_live_", "Shippo", Of::Hex, 40, 40),
    ("shippo_test_", "Shippo", Of::Hex, 40, 40),
    ("sgp_", "Sourcegraph", Of::Word, 40, ANY),
    ("sbp_", "Supabase", Of::Hex, 40, ANY),
    ("sb_secret_", "Supabase", Of::Dash, 20, ANY),
    ("tskey-", "Tailscale", Of::Dash, 20, ANY),
    ("tfp_", "Typeform", Of::Dots, 40, ANY),
    ("LTAI", "Alibaba Cloud", Of::Alnum, 16, 24),
    ("AKID", "Tencent Cloud", Of::Alnum, 32, 36),
    ("AQVN", "Yandex", Of::Dash, 35, 38),
    ("y0_", "Yandex", Of::Dash, 39, ANY),
    ("t1.9eue", "Yandex", Of::Dots, 60, ANY),
    ("EZAK", "EasyPost", Of::Alnum, 54, 54),
    ("EZTK", "EasyPost", Of::Alnum, 54, 54),
    ("duffel_live_", "Duffel", Of::Dash, 40, ANY),
    ("duffel_test_", "Duffel", Of::Dash, 40, ANY),
    ("aio_", "Adafruit", Of::Alnum, 28, 28),
    ("bkua_", "Buildkite", Of::Hex, 40, 40),
    ("ops_eyJ", "1Password", Of::Base64, 60, ANY),
    ("squ_", "SonarQube", Of::Hex, 40, 40),
    ("sqp_", "SonarQube", Of::Hex, 40, 40),
    ("sqa_", "SonarQube", Of::Hex, 40, 40),
    ("nfp_", "Netlify", Of::Alnum, 36, ANY),
    ("AKCp", "JFrog", Of::Alnum, 60, ANY),
    ("cmVmdGtu", "JFrog", Of::Alnum, 50, ANY),
    ("fio-u-", "Frame.io", Of::Dash, 60, ANY),
    ("ico-", "Infracost", Of::Alnum, 32, 32),
    ("FwoGZXIvYXdzE", "AWS", Of::Base64, 40, ANY),
    ("IQoJb3JpZ2lu", "AWS", Of::Base64, 40, ANY),
    ("amzn.mws.", "AWS", Of::Dash, 36, 36),
    ("da2-", "AWS AppSync", Of::Alnum, 26, 26),
    ("AGE-SECRET-KEY-1", "age", Of::Upper, 50, 60),
    ("EAACEdEose0cBA", "Facebook", Of::Alnum, 20, ANY),
    ("AAAAAAAAAAAAAAAAAAAAA", "X", Of::Dots, 40, ANY),
    ("sk.eyJ", "Mapbox", Of::Dots, 60, ANY),
    ("PRIVATE-TOKEN-", "GitLab", Of::Dash, 20, ANY),
    ("ph_secret_", "PostHog", Of::Alnum, 30, ANY),
    ("phx_", "PostHog", Of::Alnum, 40, ANY),
    ("patch_", "Crowdin", Of::Hex, 80, ANY),
    ("zapier-", "Zapier", Of::Hex, 40, ANY),
    ("nvapi-", "NVIDIA", Of::Dash, 60, ANY),
    ("fw_", "Fireworks", Of::Alnum, 24, 24),
    ("CLERK_SECRET_", "Clerk", Of::Alnum, 40, ANY),
    ("jsc_", "Jotform", Of::Alnum, 40, ANY),
];

static PREFIXES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(MatchKind::LeftmostLongest)
        .build(FORMS.iter().map(|f| f.0))
        .ok()
});

pub(super) fn find(text: &str, found: &mut Vec<Secret>) {
    let Some(prefixes) = PREFIXES.as_ref() else { return };
    let bytes = text.as_bytes();
    for prefix in prefixes.find_iter(text) {
        let start = prefix.start();
        if start > 0 && bytes[start - 1].is_ascii_alphanumeric() {
            continue;
        }
        let (_, issuer, of, least, most) = FORMS[prefix.pattern().as_usize()];
        let tail = bytes[prefix.end()..].iter().take_while(|b| of.has(**b)).count();
        // A full stop ends a sentence, not a key.
        let end = prefix.end() + text[prefix.end()..prefix.end() + tail].trim_end_matches(['.', '-']).len();
        let tail = end - prefix.end();
        if (least..=most).contains(&tail) && is_random(&text[prefix.end()..end]) {
            found.push(Secret { bytes: start..end, kind: Kind::Issued(issuer) });
        }
    }
}

/// Not words, and not one character again and again.
fn is_random(tail: &str) -> bool {
    let bytes = tail.as_bytes();
    let mut distinct = [false; 128];
    bytes.iter().filter(|b| b.is_ascii()).for_each(|b| distinct[usize::from(*b)] = true);
    let has = |what: fn(&u8) -> bool| bytes.iter().any(what);
    let mixed = has(u8::is_ascii_digit) || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
    distinct.iter().filter(|d| **d).count() >= 4 && mixed && super::values::longest_run(tail) >= 8.min(tail.len())
}
