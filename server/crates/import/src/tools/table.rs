//! The formats that are read. Of two that a document fits, the first counts.

use super::{PART, Part, Tool, fixes};

/// The fields that Checkstyle gave its name to, and that many tools write.
const CHECKSTYLE: Part = Part {
    file: &["../@name"],
    line: &["@line"],
    severity: &["@severity"],
    rule: &["@source"],
    message: &["@message"],
    otherwise: "error",
    ..PART
};

const ESLINT: Part = Part {
    file: &["../filePath"],
    line: &["line"],
    end: &["endLine"],
    severity: &["severity"],
    words: &[("2", "error"), ("1", "warning"), ("0", "note")],
    rule: &["ruleId"],
    message: &["message"],
    fix: fixes::range_and_text,
    ..PART
};

const RUSTC: Part = Part {
    requires: &["spans.0.file_name"],
    file: &["spans?is_primary.file_name"],
    line: &["spans?is_primary.line_start"],
    end: &["spans?is_primary.line_end"],
    severity: &["level"],
    words: &[("error: internal compiler error", "error"), ("failure-note", "note"), ("help", "note")],
    rule: &["code.code"],
    message: &["message"],
    more: &[("", "children[].message")],
    fix: fixes::rustc,
    ..PART
};

const PYLINT: Part = Part {
    file: &["path"],
    line: &["line"],
    end: &["endLine"],
    severity: &["type"],
    rule: &["messageId", "message-id", "symbol"],
    message: &["message"],
    symbol: &["obj"],
    ..PART
};

const TRIVY: Part = Part {
    file: &["../Target"],
    severity: &["Severity"],
    url: &["PrimaryURL", "References.0"],
    otherwise: "unknown",
    ..PART
};

const CHECKOV: Part = Part {
    file: &["repo_file_path", "file_path"],
    line: &["file_line_range.0"],
    end: &["file_line_range.1"],
    severity: &["severity"],
    otherwise: "error",
    rule: &["check_id"],
    url: &["guideline"],
    message: &["check_name"],
    symbol: &["resource"],
    more: &[("Resource", "resource")],
    ..PART
};

const SONAR: Part = Part {
    file: &[":component"],
    line: &["textRange.startLine", "line"],
    end: &["textRange.endLine", "line"],
    severity: &["severity", "vulnerabilityProbability", "impacts.0.severity"],
    rule: &["rule", "ruleKey"],
    message: &["message"],
    hidden: &[("status", &["CLOSED", "RESOLVED", "REVIEWED"])],
    ..PART
};

const SONAR_GENERIC: Part = Part {
    tool: &["engineId"],
    file: &["primaryLocation.filePath"],
    line: &["primaryLocation.textRange.startLine"],
    end: &["primaryLocation.textRange.endLine"],
    severity: &["severity", "impacts.0.severity"],
    rule: &["ruleId"],
    message: &["primaryLocation.message"],
    ..PART
};

const PSALM: Part = Part {
    file: &["file_name", "file_path"],
    line: &["line_from"],
    end: &["line_to"],
    severity: &["severity"],
    rule: &["type"],
    url: &["link"],
    message: &["message"],
    otherwise: "error",
    ..PART
};

const HADOLINT: Part = Part {
    file: &["file"],
    line: &["line"],
    end: &["endLine"],
    severity: &["level"],
    rule: &["code"],
    message: &["message"],
    ..PART
};

const SHELLCHECK: Part = Part { rule: &["SC{code}"], url: &["https://www.shellcheck.net/wiki/SC{code}"], ..HADOLINT };

const CODE_CLIMATE: Part = Part {
    requires: &["location.path"],
    tool: &["engine_name"],
    file: &["location.path"],
    line: &["location.lines.begin", "location.positions.begin.line", "location.lines.begin.line"],
    end: &["location.lines.end", "location.positions.end.line", "location.lines.end.line"],
    severity: &["severity"],
    rule: &["check_name"],
    message: &["description", "check_name"],
    more: &[("", "content.body")],
    ..PART
};

const GITLEAKS: Part = Part {
    file: &["File", "file"],
    line: &["StartLine", "start_line", "lineNumber"],
    end: &["EndLine", "end_line"],
    severity: &["severity"],
    otherwise: "error",
    rule: &["RuleID", "rule_id", "rule"],
    message: &["Description", "description", "rule"],
    more: &[("Commit", "Commit"), ("Commit", "commit")],
    ..PART
};

const JUNIT: Part = Part {
    file: &["@file", "../@file", "../@filepath"],
    line: &["@line", "../@line"],
    trace: &["#text", "@message"],
    symbol: &["../@classname"],
    otherwise: "error",
    message: &["{../@name}: {@message}", "{../@name}: {@type}", "../@name"],
    more: &[("", "#text")],
    ..PART
};

/// What scanners of dependencies say of one.
const VULNERABILITY: Part = Part { severity: &["severity"], otherwise: "unknown", ..PART };

#[rustfmt::skip]
pub(super) static TOOLS: &[Tool] = &[
    Tool {
        label: "ESLint",
        shape: &["[].filePath", "[].messages"],
        parts: &[Part { items: &["[].messages[]"], ..ESLINT }],
    },
    Tool {
        label: "ESLint",
        shape: &["results[].filePath", "results[].messages"],
        parts: &[Part { items: &["results[].messages[]"], ..ESLINT }],
    },
    Tool {
        label: "Stylelint",
        shape: &["[].source", "[].warnings"],
        parts: &[Part {
            items: &["[].warnings[]", "[].parseErrors[]"],
            file: &["../source"],
            line: &["line"],
            end: &["endLine"],
            severity: &["severity"],
            rule: &["rule"],
            url: &["url"],
            message: &["text"],
            fix: fixes::range_and_text,
            ..PART
        }],
    },
    Tool {
        label: "TSLint",
        shape: &["[].ruleName", "[].failure", "[].startPosition"],
        parts: &[Part {
            items: &["[]"],
            file: &["name"],
            line: &["startPosition.line"],
            end: &["endPosition.line"],
            from_zero: true,
            severity: &["ruleSeverity"],
            rule: &["ruleName"],
            message: &["failure"],
            ..PART
        }],
    },
    Tool {
        label: "ruff",
        shape: &["[].filename", "[].location.row", "[].message"],
        parts: &[Part {
            items: &["[]"],
            file: &["filename"],
            line: &["location.row"],
            end: &["end_location.row"],
            severity: &["severity"],
            // A text that does not parse.
            errors: &[("code", &["", "invalid-syntax"])],
            rule: &["code"],
            url: &["url"],
            message: &["message"],
            fix: fixes::ruff,
            ..PART
        }],
    },
    Tool {
        label: "pylint",
        shape: &["[].message-id", "[].path"],
        parts: &[Part { items: &["[]"], ..PYLINT }],
    },
    Tool {
        label: "pylint",
        shape: &["messages", "statistics"],
        parts: &[Part { items: &["messages[]"], ..PYLINT }],
    },
    Tool {
        label: "flake8",
        shape: &["{}.[].line_number", "{}.[].physical_line"],
        parts: &[Part {
            items: &["{}.[]"],
            file: &["filename", "../#key"],
            line: &["line_number"],
            rule: &["code"],
            message: &["text"],
            ..PART
        }],
    },
    Tool {
        label: "mypy",
        shape: &["[].file", "[].line", "[].hint", "[].code"],
        parts: &[Part {
            items: &["[]"],
            file: &["file"],
            line: &["line"],
            severity: &["severity"],
            rule: &["code"],
            message: &["message"],
            more: &[("", "hint")],
            ..PART
        }],
    },
    Tool {
        label: "pyright",
        shape: &["generalDiagnostics"],
        parts: &[Part {
            items: &["generalDiagnostics[]"],
            file: &["file"],
            line: &["range.start.line"],
            end: &["range.end.line"],
            from_zero: true,
            severity: &["severity"],
            rule: &["rule"],
            message: &["message"],
            ..PART
        }],
    },
    Tool {
        label: "bandit",
        shape: &["results", "metrics", "generated_at"],
        parts: &[Part {
            items: &["results[]"],
            file: &["filename"],
            line: &["line_number"],
            end: &["end_line_number"],
            severity: &["issue_severity"],
            rule: &["test_id"],
            url: &["more_info"],
            message: &["issue_text"],
            more: &[("Confidence", "issue_confidence"), ("CWE", "issue_cwe.id")],
            ..PART
        }],
    },
    Tool {
        label: "gosec",
        shape: &["Issues", "Golang errors"],
        parts: &[Part {
            items: &["Issues[]"],
            file: &["file"],
            line: &["line"],
            severity: &["severity"],
            rule: &["rule_id"],
            message: &["details"],
            more: &[("Confidence", "confidence"), ("CWE", "cwe.id")],
            hidden: &[("nosec", &["true"]), ("suppressions.0.kind", &["*"])],
            ..PART
        }],
    },
    Tool {
        label: "golangci-lint",
        shape: &["Issues[].FromLinter"],
        parts: &[Part {
            items: &["Issues[]"],
            file: &["Pos.Filename"],
            line: &["LineRange.From", "Pos.Line"],
            end: &["LineRange.To", "Pos.Line"],
            severity: &["Severity"],
            errors: &[("FromLinter", &["typecheck"])],
            rule: &["FromLinter"],
            message: &["Text"],
            ..PART
        }],
    },
    Tool { label: "golangci-lint", shape: &["Report.Linters"], parts: &[] },
    Tool {
        label: "staticcheck",
        shape: &["[].location.file", "[].code", "[].message", "[].severity"],
        parts: &[Part {
            items: &["[]"],
            file: &["location.file"],
            line: &["location.line"],
            end: &["end.line"],
            severity: &["severity"],
            rule: &["code"],
            message: &["message"],
            hidden: &[("severity", &["ignored"])],
            ..PART
        }],
    },
    Tool {
        label: "Semgrep",
        shape: &["results[].check_id", "results[].extra"],
        parts: &[Part {
            items: &["results[]"],
            file: &["path"],
            line: &["start.line"],
            end: &["end.line"],
            severity: &["extra.severity"],
            rule: &["check_id"],
            url: &["extra.metadata.source", "extra.metadata.shortlink", "extra.metadata.references.0"],
            message: &["extra.message"],
            hidden: &[("extra.is_ignored", &["true"])],
            fix: fixes::semgrep,
            ..PART
        }],
    },
    Tool { label: "Semgrep", shape: &["results", "errors", "paths.scanned"], parts: &[] },
    Tool {
        label: "Trivy",
        shape: &["Results", "ArtifactName"],
        parts: TRIVY_PARTS,
    },
    Tool { label: "Trivy", shape: &["SchemaVersion", "ArtifactName"], parts: &[] },
    Tool {
        label: "Grype",
        shape: &["matches", "descriptor"],
        parts: &[Part {
            items: &["matches[]"],
            requires: &["vulnerability.id"],
            file: &["artifact.locations.0.path"],
            severity: &["vulnerability.severity"],
            rule: &["vulnerability.id"],
            url: &["vulnerability.dataSource"],
            message: &["{vulnerability.id} in {artifact.name} {artifact.version}", "{vulnerability.id} in {artifact.name}"],
            more: &[
                ("", "vulnerability.description"),
                ("", "relatedVulnerabilities[].description"),
                ("Fixed in", "vulnerability.fix.versions.0"),
            ],
            ..VULNERABILITY
        }],
    },
    Tool {
        label: "Gitleaks",
        shape: &["[].RuleID", "[].StartLine", "[].File"],
        parts: &[Part { items: &["[]"], ..GITLEAKS }],
    },
    Tool {
        label: "Gitleaks",
        shape: &["[].offender", "[].rule"],
        parts: &[Part { items: &["[]"], ..GITLEAKS }],
    },
    Tool {
        label: "Gitleaks",
        shape: &["leaks"],
        parts: &[Part { items: &["leaks[]"], ..GITLEAKS }],
    },
    Tool {
        label: "TruffleHog",
        shape: &["[].DetectorName", "[].SourceMetadata.Data"],
        parts: &[Part {
            items: &["[]"],
            file: &["SourceMetadata.Data.Filesystem.file", "SourceMetadata.Data.Git.file"],
            line: &["SourceMetadata.Data.Filesystem.line", "SourceMetadata.Data.Git.line"],
            severity: &["Verified"],
            words: &[("true", "critical"), ("false", "error")],
            rule: &["DetectorName"],
            message: &["A secret of {DetectorName}"],
            ..PART
        }],
    },
    Tool {
        label: "detect-secrets",
        shape: &["plugins_used", "results"],
        parts: &[Part {
            items: &["results{}.[]"],
            file: &["filename", "../#key"],
            line: &["line_number"],
            otherwise: "error",
            rule: &["type"],
            message: &["A secret: {type}"],
            ..PART
        }],
    },
    Tool {
        label: "Checkov",
        shape: &["check_type", "results"],
        parts: &[Part { items: &["results.failed_checks[]"], ..CHECKOV }],
    },
    Tool {
        label: "Checkov",
        shape: &["[].check_type", "[].results"],
        parts: &[Part { items: &["[].results.failed_checks[]"], ..CHECKOV }],
    },
    Tool {
        label: "KICS",
        shape: &["kics_version", "queries"],
        parts: &[Part {
            items: &["queries[].files[]"],
            file: &["file_name"],
            line: &["line"],
            severity: &["../severity"],
            rule: &["../query_id"],
            url: &["../query_url"],
            message: &["../query_name"],
            more: &[("", "actual_value"), ("Expected", "expected_value"), ("Resource", "resource_name")],
            ..PART
        }],
    },
    Tool {
        label: "tfsec",
        shape: &["results[].long_id", "results[].location"],
        parts: &[Part {
            items: &["results[]"],
            file: &["location.filename"],
            line: &["location.start_line"],
            end: &["location.end_line"],
            severity: &["severity"],
            rule: &["long_id", "rule_id"],
            url: &["links.0"],
            message: &["description", "rule_description"],
            more: &[("Resolution", "resolution"), ("Impact", "impact")],
            ..PART
        }],
    },
    Tool {
        label: "Terrascan",
        shape: &["results.violations"],
        parts: &[Part {
            items: &["results.violations[]"],
            file: &["file"],
            line: &["line"],
            severity: &["severity"],
            rule: &["rule_id"],
            message: &["description"],
            ..PART
        }],
    },
    Tool {
        label: "Brakeman",
        shape: &["scan_info", "warnings"],
        parts: &[Part {
            items: &["warnings[]"],
            file: &["file"],
            line: &["line"],
            severity: &["confidence"],
            words: &[("high", "error"), ("medium", "warning"), ("weak", "note"), ("low", "note")],
            rule: &["warning_type", "check_name"],
            url: &["link"],
            message: &["{warning_type}: {message}", "message"],
            more: &[("Confidence", "confidence"), ("Code", "code")],
            symbol: &["location.method"],
            ..PART
        }],
    },
    Tool {
        label: "TFLint",
        shape: &["issues[].rule.name", "issues[].range"],
        parts: &[Part {
            items: &["issues[]"],
            file: &["range.filename"],
            line: &["range.start.line"],
            end: &["range.end.line"],
            severity: &["rule.severity"],
            rule: &["rule.name"],
            url: &["rule.link"],
            message: &["message"],
            ..PART
        }],
    },
    Tool {
        label: "ShellCheck",
        shape: &["comments"],
        parts: &[Part { items: &["comments[]"], fix: fixes::shellcheck, ..SHELLCHECK }],
    },
    Tool {
        label: "ShellCheck",
        shape: &["[].endColumn", "[].level", "[].code", "[].file"],
        // This form counts a tab as eight columns: its fixes are not used.
        parts: &[Part { items: &["[]"], ..SHELLCHECK }],
    },
    Tool {
        label: "hadolint",
        shape: &["[].code", "[].level", "[].file", "[].message"],
        parts: &[Part { items: &["[]"], ..HADOLINT }],
    },
    Tool {
        label: "Psalm",
        shape: &["[].line_from", "[].type"],
        parts: &[Part { items: &["[]"], ..PSALM }],
    },
    Tool {
        label: "Psalm",
        shape: &["issues[].line_from", "issues[].type"],
        parts: &[Part { items: &["issues[]"], ..PSALM }],
    },
    Tool {
        label: "PHPStan",
        shape: &["totals.file_errors", "files"],
        parts: &[
            Part {
                items: &["files{}.messages[]"],
                file: &["../#key"],
                line: &["line"],
                otherwise: "error",
                rule: &["identifier"],
                message: &["message"],
                more: &[("", "tip")],
                ..PART
            },
            Part { items: &["errors[]"], otherwise: "error", message: &[""], ..PART },
        ],
    },
    Tool {
        label: "PHP_CodeSniffer",
        shape: &["totals.warnings", "files"],
        parts: &[Part {
            items: &["files{}.messages[]"],
            file: &["../#key"],
            line: &["line"],
            severity: &["type"],
            rule: &["source"],
            message: &["message"],
            ..PART
        }],
    },
    Tool {
        label: "RuboCop",
        shape: &["files[].offenses", "metadata"],
        parts: &[Part {
            items: &["files[].offenses[]"],
            file: &["../path"],
            line: &["location.start_line", "location.line"],
            end: &["location.last_line", "location.line"],
            severity: &["severity"],
            rule: &["cop_name"],
            message: &["message"],
            hidden: &[("corrected", &["true"])],
            ..PART
        }],
    },
    Tool {
        label: "SonarQube",
        shape: &["issues[].primaryLocation"],
        parts: &[Part { items: &["issues[]"], ..SONAR_GENERIC }],
    },
    Tool {
        label: "SonarQube",
        shape: &["issues[].component", "issues[].rule"],
        parts: &[Part { items: &["issues[]"], ..SONAR }],
    },
    Tool {
        label: "SonarQube",
        shape: &["hotspots"],
        parts: &[Part { items: &["hotspots[]"], ..SONAR }],
    },
    Tool { label: "SonarQube", shape: &["issues", "paging"], parts: &[] },
    Tool {
        label: "Cargo",
        shape: &["[].reason", "[].message.spans"],
        parts: &[Part { items: &["[].message"], ..RUSTC }],
    },
    Tool { label: "Cargo", shape: &["[].reason", "[].package_id"], parts: &[] },
    Tool { label: "Cargo", shape: &["[].reason", "[].success"], parts: &[] },
    Tool {
        label: "rustc",
        shape: &["[].spans", "[].level", "[].rendered"],
        parts: &[Part { items: &["[]"], ..RUSTC }],
    },
    Tool {
        label: "GitLab",
        shape: &["vulnerabilities", "scan.scanner"],
        parts: &[Part {
            items: &["vulnerabilities[]"],
            tool: &["scanner.name", "../scan.scanner.name"],
            file: &["location.file", "location.image"],
            line: &["location.start_line"],
            end: &["location.end_line", "location.start_line"],
            severity: &["severity"],
            otherwise: "unknown",
            rule: &["identifiers.0.value", "identifiers.0.name"],
            url: &["identifiers.0.url"],
            message: &["name", "message", "category"],
            more: &[("", "description"), ("Solution", "solution")],
            hidden: &[("flags.0.type", &["flagged-as-likely-false-positive"])],
            ..PART
        }],
    },
    Tool {
        label: "Code Climate",
        shape: &["[].check_name", "[].location.path"],
        parts: &[Part { items: &["[]"], ..CODE_CLIMATE }],
    },
    Tool {
        label: "Code Climate",
        shape: &["[].fingerprint", "[].location.path"],
        parts: &[Part { items: &["[]"], ..CODE_CLIMATE }],
    },
    Tool {
        label: "Biome",
        shape: &["diagnostics[].category", "diagnostics[].location"],
        parts: &[Part {
            items: &["diagnostics[]"],
            file: &["location.path.file", "location.path"],
            line: &["location.start.line"],
            end: &["location.end.line"],
            span: Some(["location.span.0", "location.span.1", "location.sourceCode"]),
            severity: &["severity"],
            rule: &["category"],
            message: &["description", "message", "message.0.content"],
            ..PART
        }],
    },
    Tool {
        label: "Oxlint",
        shape: &["diagnostics[].labels", "diagnostics[].filename"],
        parts: &[Part {
            items: &["diagnostics[]"],
            file: &["filename"],
            line: &["labels.0.span.line"],
            severity: &["severity"],
            rule: &["code"],
            url: &["url"],
            message: &["message"],
            more: &[("", "help")],
            ..PART
        }],
    },
    Tool {
        label: "Deno lint",
        shape: &["diagnostics[].range.start.col"],
        parts: &[Part {
            items: &["diagnostics[]"],
            file: &["filename"],
            line: &["range.start.line"],
            end: &["range.end.line"],
            rule: &["code"],
            message: &["message"],
            more: &[("", "hint")],
            ..PART
        }],
    },
    Tool {
        label: "SwiftLint",
        shape: &["[].rule_id", "[].reason", "[].line"],
        parts: &[Part {
            items: &["[]"],
            file: &["file"],
            line: &["line"],
            severity: &["severity"],
            rule: &["rule_id"],
            message: &["reason"],
            ..PART
        }],
    },
    Tool {
        label: "markdownlint",
        shape: &["[].ruleNames", "[].lineNumber"],
        parts: &[Part {
            items: &["[]"],
            file: &["fileName"],
            line: &["lineNumber"],
            rule: &["ruleNames.0"],
            url: &["ruleInformation"],
            message: &["{ruleDescription}: {errorDetail}", "ruleDescription"],
            ..PART
        }],
    },
    Tool {
        label: "Infer",
        shape: &["[].bug_type", "[].qualifier", "[].procedure"],
        parts: &[Part {
            items: &["[]"],
            file: &["file"],
            line: &["line"],
            severity: &["severity"],
            rule: &["bug_type"],
            message: &["qualifier"],
            symbol: &["procedure"],
            ..PART
        }],
    },
    Tool {
        label: "Credo",
        shape: &["issues[].check", "issues[].line_no"],
        parts: &[Part {
            items: &["issues[]"],
            file: &["filename"],
            line: &["line_no"],
            rule: &["check"],
            message: &["message"],
            ..PART
        }],
    },
    Tool {
        label: "PMD",
        shape: &["pmdVersion", "files"],
        parts: &[Part {
            items: &["files[].violations[]"],
            file: &["../filename"],
            line: &["beginline"],
            end: &["endline"],
            severity: &["priority"],
            words: PMD_WORDS,
            rule: &["rule"],
            url: &["externalInfoUrl"],
            message: &["description"],
            ..PART
        }],
    },
    Tool {
        label: "OSV-Scanner",
        shape: &["results[].packages", "results[].source"],
        parts: &[Part {
            items: &["results[].packages[].vulnerabilities[]"],
            file: &["../../source.path"],
            severity: &["database_specific.severity"],
            rule: &["id"],
            message: &["{id} in {../package.name} {../package.version}: {summary}", "{id} in {../package.name} {../package.version}"],
            more: &[("", "details")],
            ..VULNERABILITY
        }],
    },
    Tool {
        label: "npm audit",
        shape: &["auditReportVersion", "vulnerabilities"],
        parts: &[Part {
            items: &["vulnerabilities{}"],
            severity: &["severity"],
            rule: &["via.0.source"],
            url: &["via.0.url"],
            message: &["{name} {range}: {via.0.title}", "{name} {range} depends on {via.0}", "{name} {range}"],
            otherwise: "unknown",
            ..PART
        }],
    },
    Tool {
        label: "pip-audit",
        shape: &["dependencies[].vulns"],
        parts: &[Part {
            items: &["dependencies[].vulns[]"],
            rule: &["id"],
            message: &["{id} in {../name} {../version}"],
            more: &[("", "description"), ("Fixed in", "fix_versions.0")],
            ..VULNERABILITY
        }],
    },
    Tool {
        label: "Snyk",
        shape: &["vulnerabilities", "packageManager"],
        parts: &[Part {
            items: &["vulnerabilities[]"],
            requires: &["id"],
            file: &["../displayTargetFile"],
            rule: &["id"],
            url: &["url"],
            message: &["{title} in {packageName} {version}", "title"],
            more: &[("", "description")],
            ..VULNERABILITY
        }],
    },
    Tool { label: "TFLint", shape: &["issues", "errors"], parts: &[] },
    // XML.
    Tool {
        label: "Checkstyle",
        shape: &["checkstyle"],
        parts: &[Part { items: &["checkstyle.file[].error[]"], ..CHECKSTYLE }],
    },
    Tool {
        label: "PMD",
        shape: &["pmd"],
        parts: &[
            Part {
                items: &["pmd.file[].violation[]"],
                file: &["../@name"],
                line: &["@beginline", "@line"],
                end: &["@endline"],
                severity: &["@priority"],
                words: PMD_WORDS,
                rule: &["@rule"],
                url: &["@externalInfoUrl"],
                message: &["#text"],
                symbol: &["@method"],
                ..PART
            },
            Part { items: &["pmd.error[]"], file: &["@filename"], otherwise: "error", message: &["@msg"], ..PART },
        ],
    },
    Tool {
        label: "CPD",
        shape: &["pmd-cpd"],
        parts: &[Part {
            items: &["pmd-cpd.duplication[]"],
            file: &["file.0.@path"],
            line: &["file.0.@line"],
            end: &["file.0.@endline"],
            otherwise: "note",
            message: &["{@lines} lines are also in {file.1.@path}, line {file.1.@line}", "{@lines} lines are there twice"],
            ..PART
        }],
    },
    Tool {
        label: "SpotBugs",
        shape: &["BugCollection"],
        parts: &[Part {
            items: &["BugCollection.BugInstance[]"],
            file: &["SourceLine?@primary.@sourcepath", "Method?@primary.SourceLine.0.@sourcepath", "Class?@primary.SourceLine.0.@sourcepath"],
            line: &["SourceLine?@primary.@start", "Method?@primary.SourceLine.0.@start", "Class?@primary.SourceLine.0.@start"],
            end: &["SourceLine?@primary.@end"],
            severity: &["@priority"],
            words: &[("1", "error"), ("2", "warning"), ("3", "note"), ("4", "note"), ("5", "note")],
            rule: &["@type"],
            message: &["LongMessage.0.#text", "ShortMessage.0.#text", "@type"],
            more: &[("Category", "@category")],
            symbol: &["Method?@primary.@name", "Class?@primary.@classname"],
            ..PART
        }],
    },
    Tool {
        label: "JUnit",
        shape: &["testsuites"],
        parts: &[Part {
            items: &[
                "testsuites.testsuite[].testcase[].failure[]",
                "testsuites.testsuite[].testcase[].error[]",
                "testsuites.testsuite[].testsuite[].testcase[].failure[]",
                "testsuites.testsuite[].testsuite[].testcase[].error[]",
                "testsuites.testcase[].failure[]",
                "testsuites.testcase[].error[]",
            ],
            ..JUNIT
        }],
    },
    Tool {
        label: "JUnit",
        shape: &["testsuite"],
        parts: &[Part {
            items: &[
                "testsuite.testcase[].failure[]",
                "testsuite.testcase[].error[]",
                "testsuite.testsuite[].testcase[].failure[]",
                "testsuite.testsuite[].testcase[].error[]",
            ],
            ..JUNIT
        }],
    },
    Tool {
        label: "Cppcheck",
        shape: &["results.cppcheck"],
        parts: &[Part {
            items: &["results.errors.0.error[]"],
            file: &["location.0.@file"],
            line: &["location.0.@line"],
            severity: &["@severity"],
            words: &[("portability", "warning"), ("performance", "warning")],
            rule: &["@id"],
            message: &["@msg"],
            more: &[("", "@verbose"), ("CWE", "@cwe")],
            // What it says of its own run.
            hidden: &[("@severity", &["debug"])],
            ..PART
        }],
    },
    Tool {
        label: "Android Lint",
        shape: &["issues.issue[].@id"],
        parts: &[Part {
            items: &["issues.issue[]"],
            file: &["location.0.@file"],
            line: &["location.0.@line"],
            severity: &["@severity"],
            rule: &["@id"],
            url: &["@url"],
            message: &["@message"],
            more: &[("", "@explanation")],
            ..PART
        }],
    },
    Tool {
        label: "InspectCode",
        shape: &["Report.Issues"],
        parts: &[Part {
            items: &["Report.Issues.0.Project[].Issue[]"],
            file: &["@File"],
            line: &["@Line"],
            rule: &["@TypeId"],
            message: &["@Message"],
            ..PART
        }],
    },
    Tool {
        label: "StyleCop",
        shape: &["StyleCopViolations"],
        parts: &[Part {
            items: &["StyleCopViolations.Violation[]"],
            file: &["@Source"],
            line: &["@LineNumber"],
            rule: &["@RuleId"],
            message: &["#text"],
            ..PART
        }],
    },
    Tool {
        label: "CodeNarc",
        shape: &["CodeNarc"],
        parts: &[Part {
            items: &["CodeNarc.Package[].File[].Violation[]"],
            file: &["{../../@path}/{../@name}", "../@name"],
            line: &["@lineNumber"],
            severity: &["@priority"],
            words: &[("1", "error"), ("2", "warning"), ("3", "note")],
            rule: &["@ruleName"],
            message: &["Message.0.#text", "@ruleName"],
            ..PART
        }],
    },
    Tool {
        label: "JSHint",
        shape: &["jslint"],
        parts: &[Part {
            items: &["jslint.file[].issue[]"],
            file: &["../@name"],
            line: &["@line"],
            severity: &["@severity"],
            message: &["@reason"],
            ..PART
        }],
    },
    Tool {
        label: "PHPMD",
        shape: &["files[].violations", "package"],
        parts: &[Part {
            items: &["files[].violations[]"],
            file: &["../file"],
            line: &["beginLine"],
            end: &["endLine"],
            severity: &["priority"],
            words: PMD_WORDS,
            rule: &["rule"],
            url: &["externalInfoUrl"],
            message: &["description"],
            ..PART
        }],
    },
];

const PMD_WORDS: &[(&str, &str)] = &[("1", "error"), ("2", "error"), ("3", "warning"), ("4", "note"), ("5", "note")];

const TRIVY_PARTS: &[Part] = &[
    Part {
        items: &["Results[].Vulnerabilities[]"],
        rule: &["VulnerabilityID"],
        message: &[
            "{VulnerabilityID} in {PkgName} {InstalledVersion}: {Title}",
            "{VulnerabilityID} in {PkgName} {InstalledVersion}",
        ],
        more: &[("", "Description"), ("Fixed in", "FixedVersion")],
        ..TRIVY
    },
    Part {
        items: &["Results[].Misconfigurations[]"],
        line: &["CauseMetadata.StartLine"],
        end: &["CauseMetadata.EndLine"],
        rule: &["ID", "AVDID"],
        message: &["Title"],
        more: &[("", "Message"), ("", "Description"), ("Resolution", "Resolution")],
        hidden: &[("Status", &["PASS", "EXCEPTION"])],
        ..TRIVY
    },
    Part {
        items: &["Results[].Secrets[]"],
        line: &["StartLine"],
        end: &["EndLine"],
        rule: &["RuleID"],
        message: &["A secret: {Title}"],
        ..TRIVY
    },
    Part {
        items: &["Results[].Licenses[]"],
        file: &["FilePath", "../Target"],
        message: &["Licence {Name} of {PkgName}", "Licence {Name}"],
        ..TRIVY
    },
];
