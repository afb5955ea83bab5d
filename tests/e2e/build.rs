//! `packer build`: lines, artifacts and exit codes.

use crate::sandbox::Sandbox;

const FILE_AND_NULL: &str = r#"
source "file" "a" {
  content = "hi"
  target  = "a.txt"
}
source "null" "b" { communicator = "none" }
build {
  sources = ["file.a", "source.null.b"]
  provisioner "shell-local" { inline = ["echo out $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE", "echo err >&2"] }
}
"#;

#[test]
fn prints_packers_lines_when_piped() {
    let sandbox = Sandbox::with_template(FILE_AND_NULL);
    let text = sandbox.run(&["build", "-color=false", "-parallel-builds=1", "t.pkr.hcl"]).expect(0);
    let running = text.lines().filter(|line| line.contains("Running local shell script: ")).count();
    assert_eq!(running, 2, "{text}");
    for line in [
        "==> file.a: out a file",
        "==> file.a: err",
        "==> null.b: out b null",
        "Build 'file.a' finished after [DURATION].",
        "Build 'null.b' finished after [DURATION].",
        "\n==> Wait completed after [DURATION]\n",
        "\n==> Builds finished. The artifacts of successful builds are:\n",
        "--> file.a: Stored file: a.txt\n--> null.b: Did not export anything. This is the null builder\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in:\n{text}");
    }
    assert_eq!(sandbox.read("a.txt"), "hi");
}

#[test]
fn a_broken_build_does_not_stop_the_others() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "good" { communicator = "none" }
source "null" "bad" { communicator = "none" }
source "file" "refused" { content = "no target" }
build {
  sources = ["null.good", "null.bad", "file.refused"]
  provisioner "shell-local" {
    inline = ["test ${source.name} != bad || exit 3", "touch ${source.name}.done"]
  }
  provisioner "shell-local" { inline = ["touch ${source.name}.second"] }
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Build 'null.good' finished after"), "{text}");
    let error = "Build 'null.bad' errored after [DURATION]: Script exited with non-zero exit status: 3. Allowed exit \
                 codes are: [0]";
    assert!(text.contains(error), "{text}");
    assert!(text.contains("Error: 1 error(s) occurred:\n\n* target required"), "{text}");
    assert!(text.contains("==> Some builds didn't complete successfully and had errors:\n--> null.bad: "), "{text}");
    assert!(text.contains("--> null.good: Did not export anything."), "{text}");
    assert!(sandbox.path("good.second").exists() && !sandbox.path("bad.second").exists());
}

#[test]
fn what_determined_how_long_it_took_stands_before_the_artifacts() {
    let sandbox = Sandbox::with_template(FILE_AND_NULL);
    let text = sandbox.run(&["build", "-machine-readable", "-parallel-builds=1", "t.pkr.hcl"]).expect(0);
    let line = text.lines().find(|line| line.contains(",,timing,")).unwrap_or_else(|| panic!("{text}"));
    let words: Vec<&str> = line.split(',').skip(3).collect();
    let [makespan, lower_bound, ratio, pool, waited, critical @ ..] = &words[..] else { panic!("{line}") };
    let seconds = |word: &str| word.parse::<f64>().unwrap_or_else(|_| panic!("{word:?} in {line}"));
    assert!(seconds(makespan) >= seconds(lower_bound) && seconds(ratio) >= 1.0, "{line}");
    assert!(*pool == "builds" && seconds(waited) > 0.0, "{line}");
    // One build after the other.
    let opens: Vec<&&str> = critical.iter().filter(|key| key.ends_with("/provision[0]")).collect();
    assert_eq!(opens.len(), 2, "{line}");
    // People are told when they want to know more than the output, or after long runs.
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(!text.contains("==> At best "), "{text}");
    let text = sandbox.run(&["build", "-color=false", "--events=e.jsonl", "t.pkr.hcl"]).expect(0);
    let (before, after) = text.split_once("\n==> At best ").unwrap_or_else(|| panic!("{text}"));
    assert!(before.contains("==> Wait completed after "), "{text}");
    assert!(after.contains(" with these limits (ratio 1."), "{text}");
    assert!(after.contains("\n\n==> Builds finished. The artifacts of successful builds are:\n--> file.a"), "{text}");
}

#[test]
fn machine_readable_lines() {
    let sandbox = Sandbox::with_template(FILE_AND_NULL);
    let text = sandbox.run(&["build", "-machine-readable", "t.pkr.hcl"]).expect(0);
    for line in text.lines() {
        assert!(line.split(',').next().unwrap().parse::<u64>().is_ok(), "no time stamp: {line}");
    }
    for part in [
        ",,ui,say,==> file.a: out a file",
        ",,ui,error,==> null.b: err",
        ",file.a,artifact-count,1",
        ",file.a,artifact,0,builder-id,packer.file",
        ",file.a,artifact,0,file,0,a.txt",
        ",null.b,artifact,0,files-count,0",
        ",null.b,artifact,0,end",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn colours_and_time_stamps() {
    let sandbox = Sandbox::with_template(FILE_AND_NULL);
    let text = sandbox.run(&["build", "-timestamp-ui", "t.pkr.hcl"]).expect(0);
    assert!(text.starts_with("\u{1b}[1;32mfile.a: output will be in this color.\u{1b}[0m\n"), "{text:?}");
    assert!(text.contains("\u{1b}[1;36m20"), "no coloured time stamp in {text:?}");
}

/// Which artifacts are kept, destroyed and listed, chain by chain.
#[test]
fn artifacts_are_kept_and_destroyed_as_the_table_says() {
    let rows: [(&str, bool, &[&str]); 7] = [
        ("", true, &["Stored file: a.txt"]),
        (r#"post-processor "manifest" {}"#, true, &["Stored file: a.txt", "Stored file: a.txt"]),
        (r#"post-processor "compress" { output = "a.tar.gz" }"#, false, &["compressed artifacts in: a.tar.gz"]),
        (
            r#"post-processor "compress" {
                 output = "a.tar.gz"
                 keep_input_artifact = true
               }"#,
            true,
            &["Stored file: a.txt", "compressed artifacts in: a.tar.gz"],
        ),
        (
            r#"post-processor "checksum" {
                 output = "a.md5"
                 keep_input_artifact = false
               }"#,
            true,
            &["Stored file: a.txt", "Created artifact from files: a.txt, a.md5"],
        ),
        (
            r#"post-processors {
                 post-processor "compress" { output = "a.tar.gz" }
                 post-processor "compress" { output = "b.zip" }
               }"#,
            false,
            &["compressed artifacts in: b.zip"],
        ),
        (
            r#"post-processor "compress" { output = "a.tar.gz" }
               post-processor "shell-local" { inline = ["test -f a.txt"] }"#,
            true,
            &["Stored file: a.txt", "compressed artifacts in: a.tar.gz", "Stored file: a.txt"],
        ),
    ];
    for (chains, source_kept, listed) in rows {
        let template = format!(
            "source \"file\" \"a\" {{\n  content = \"hi\"\n  target = \"a.txt\"\n}}\nbuild {{\n  sources = \
             [\"file.a\"]\n  {chains}\n}}\n"
        );
        let sandbox = Sandbox::with_template(&template);
        let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
        assert_eq!(sandbox.path("a.txt").exists(), source_kept, "{chains}\n{text}");
        let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("--> file.a: ")).collect();
        assert_eq!(found, listed, "{chains}\n{text}");
    }
}

#[test]
fn a_failed_post_processor_fails_the_build_and_its_chain_only() {
    let sandbox = Sandbox::with_template(
        r#"
source "file" "a" {
  content = "hi"
  target  = "a.txt"
}
build {
  sources = ["file.a"]
  post-processors {
    post-processor "compress" { output = "a.tar.gz" }
    post-processor "shell-local" { inline = ["exit 7"] }
    post-processor "shell-local" { inline = ["touch never"] }
  }
  post-processor "shell-local" { inline = ["touch other"] }
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("--> file.a: 1 error(s) occurred:\n\n* Post-processor failed: "), "{text}");
    assert!(sandbox.path("other").exists() && !sandbox.path("never").exists());
    assert!(sandbox.path("a.tar.gz").exists(), "what the failed one started from stays");
    assert!(
        text.contains("Left in place, as a later post-processor failed: compressed artifacts in: a.tar.gz"),
        "{text}"
    );
    assert!(text.contains("==> Builds finished but no artifacts were created."), "{text}");
}

#[test]
fn provisioner_wrappers() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" {
    pause_before = "10ms"
    max_retries  = 2
    inline       = ["echo try >> tries", "test $(wc -l < tries) -eq 3"]
  }
  provisioner "shell-local" {
    continue_on_error = true
    inline            = ["exit 9"]
  }
  provisioner "shell-local" {
    timeout = "200ms"
    inline  = ["sleep 30"]
  }
  error-cleanup-provisioner "shell-local" { inline = ["touch cleaned"] }
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert_eq!(sandbox.read("tries").lines().count(), 3);
    for part in [
        "==> null.a: Pausing 10ms before the next provisioner...",
        "retrying with 2 trie(s) left",
        "retrying with 1 trie(s) left",
        "but continue_on_error is set; continuing the build.",
        "==> null.a: Setting a 200ms timeout for the next provisioner...",
        "==> null.a: Cancelling provisioner after a timeout...",
        "==> null.a: Provisioning step had errors: Running the cleanup provisioner, if present...",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(sandbox.path("cleaned").exists());
}

#[test]
fn on_error_abort_skips_the_cleanup() {
    let template = r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["exit 1"] }
  error-cleanup-provisioner "shell-local" { inline = ["touch cleaned"] }
}
"#;
    for (flag, cleaned) in [("cleanup", true), ("abort", false), ("ask", true), ("run-cleanup-provisioner", true)] {
        let sandbox = Sandbox::with_template(template);
        let text = sandbox.run(&["build", "-color=false", &format!("-on-error={flag}"), "t.pkr.hcl"]).expect(1);
        assert_eq!(sandbox.path("cleaned").exists(), cleaned, "{flag}\n{text}");
    }
}

#[test]
fn meta_arguments_choose_sources() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  name = "n"
  sources = ["null.a"]
  source "null.a" { name = "b" }
  provisioner "shell-local" {
    only   = ["null.b"]
    inline = ["touch only-${source.name}-${build.name}"]
  }
  provisioner "shell-local" {
    except   = ["null.b"]
    inline   = ["touch base"]
    override = { a = { inline = ["touch overridden"] } }
  }
}
"#,
    );
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    assert!(sandbox.path("only-b-n").exists() && sandbox.path("overridden").exists());
    assert!(!sandbox.path("base").exists() && !sandbox.path("only-a-n").exists());
}

#[test]
fn selection_by_globs() {
    let template = r#"
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  name    = "web"
  sources = ["null.a", "null.b"]
  provisioner "shell-local" { inline = ["touch ${source.name}.done"] }
  post-processors {
    post-processor "shell-local" { inline = ["touch ${source.name}.first"] }
    post-processor "shell-local" {
      name   = "cut"
      inline = ["touch ${source.name}.second"]
    }
  }
}
"#;
    let rows: [(&[&str], &[&str]); 4] = [
        (&["-only=web.*.a"], &["a.done", "a.first", "a.second"]),
        (&["-except=*.b", "-only=web.*"], &["a.done", "a.first", "a.second"]),
        (&["-except=cut"], &["a.done", "a.first", "b.done", "b.first"]),
        (&["-only=*.b", "-except=shell-local"], &["b.done"]),
    ];
    for (flags, made) in rows {
        let sandbox = Sandbox::with_template(template);
        let args: Vec<&str> = ["build"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        sandbox.run(&args).expect(0);
        let mut found: Vec<String> = std::fs::read_dir(sandbox.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".hcl") && !name.starts_with('.'))
            .collect();
        found.sort();
        assert_eq!(found, made, "{flags:?}");
    }
    let text = Sandbox::with_template(template).run(&["build", "-only=nothing", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Error: No builds to run"), "{text}");
    assert!(text.contains("Warning: an 'only' option was passed, but not all matches were found"), "{text}");
}

#[test]
fn data_reaches_only_what_refers_to_it_and_a_failing_source_skips_its_readers() {
    let sandbox = Sandbox::with_template(
        r#"
data "null" "good" { input = "v1" }
data "null" "bad" { input = "" }
locals {
  through_local = upper(data.null.good.output)
}
source "null" "reader" { communicator = "none" }
source "null" "broken" { communicator = "none" }
build {
  sources = ["null.reader"]
  provisioner "shell-local" { inline = ["echo got ${local.through_local}"] }
}
build {
  sources = ["null.broken"]
  provisioner "shell-local" { inline = ["echo ${data.null.bad.output}"] }
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("==> null.reader: got V1"), "{text}");
    assert!(text.contains("The `input` must be specified"), "{text}");
    assert!(text.contains("--> null.broken: not started, because data.null.bad failed"), "{text}");
}

#[test]
fn structure_may_depend_on_data() {
    let sandbox = Sandbox::with_template(
        r#"
data "null" "names" { input = "a,b" }
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  sources = [for name in split(",", data.null.names.output) : "null.${name}"]
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("--> null.a: ") && text.contains("--> null.b: "), "{text}");
}

#[test]
fn secrets_are_masked_in_what_scripts_print_and_reach_no_child() {
    let mut sandbox = Sandbox::with_template(
        r#"
variable "password" {
  type      = string
  sensitive = true
}
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" {
    inline = ["echo it is ${var.password}", "env | grep -c PKR_VAR_password || true"]
  }
}
"#,
    );
    sandbox.set("PKR_VAR_password", "hunter2-longer");
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("==> null.a: it is <sensitive>") && text.contains("==> null.a: 0\n"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn functions_of_both_languages_tell_one_start_of_the_process() {
    let sandbox = Sandbox::with_template(
        r#"
source "file" "a" {
  content = "${legacy_isotime("150405.000")} ${legacy_strftime("%H%M%S%L")} {{isotime `150405.000`}} {{strftime `%H%M%S%L`}}"
  target  = "a.txt"
}
build { sources = ["file.a"] }
"#,
    );
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    let text = sandbox.read("a.txt");
    let times: Vec<&str> = text.split(' ').collect();
    assert!(times.len() == 4 && times.iter().all(|time| *time == times[0]), "{text}");
}

#[test]
fn force_starts_a_fresh_manifest() {
    let template = r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  post-processor "manifest" { strip_time = true }
}
"#;
    let sandbox = Sandbox::with_template(template);
    for (flags, n_builds) in [(&[][..], 1), (&[], 2), (&["-force"], 1)] {
        let args: Vec<&str> = ["build"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        sandbox.run(&args).expect(0);
        let manifest = sandbox.read("packer-manifest.json");
        assert_eq!(manifest.matches("\"builder_type\": \"null\"").count(), n_builds, "{manifest}");
    }
}

#[test]
fn the_same_source_twice_builds_twice() {
    let sandbox = Sandbox::with_template(
        "source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"null.a\"] }\nbuild { sources = \
         [\"null.a\"] }\n",
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert_eq!(text.matches("--> null.a: ").count(), 2, "{text}");
}

#[test]
fn limits_hold_from_open_to_the_last_post_processor() {
    // Each build counts itself in while it runs; a marker is left when more than `limit` are in at once.
    let template = r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  source "null.a" { name = "b" }
  source "null.a" { name = "c" }
  source "null.a" { name = "d" }
  provisioner "shell-local" {
    inline = ["mkdir in.${source.name}", "test $(ls -d in.* | wc -l) -le LIMIT || touch crowded", "sleep 0.1"]
  }
  post-processor "shell-local" {
    inline = ["test $(ls -d in.* | wc -l) -le LIMIT || touch crowded", "rmdir in.${source.name}"]
  }
}
"#;
    for (flag, limit) in [("-parallel-builds=1", 1), ("-parallel-builds=2", 2), ("--max-parallel=3", 3)] {
        let sandbox = Sandbox::with_template(&template.replace("LIMIT", &limit.to_string()));
        sandbox.run(&["build", flag, "t.pkr.hcl"]).expect(0);
        assert!(!sandbox.path("crowded").exists(), "{flag}");
    }
    // Without a limit all four are in at once: each waits for the others.
    let all_in = template.replace("sleep 0.1", "while [ $(ls -d in.* | wc -l) -lt 4 ]; do sleep 0.01; done");
    let all_in = all_in.replace("test $(ls -d in.* | wc -l) -le LIMIT || touch crowded", "true");
    let all_in = all_in.replace("rmdir in.${source.name}", "true");
    Sandbox::with_template(&all_in).run(&["build", "t.pkr.hcl"]).expect(0);
}

#[test]
fn a_source_is_completed_inside_the_build() {
    let template = |extra: &str| {
        format!(
            "source \"file\" \"a\" {{\n  content = \"hi from ${{source.type}} ${{source.name}}\"\n}}\nbuild {{\n  source \
             \"file.a\" {{\n    name   = \"local\"\n    target = \"a.txt\"\n{extra}  }}\n}}\n"
        )
    };
    let sandbox = Sandbox::with_template(&template(""));
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("--> file.local: Stored file: a.txt"), "{text}");
    assert_eq!(sandbox.read("a.txt"), "hi from file local");
    let text = Sandbox::with_template(&template("    content = \"x\"\n")).run(&["validate", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Error: Duplicate argument\n\n  on t.pkr.hcl line 8, in build:"), "{text}");
}

#[test]
fn what_several_chains_fail_with_is_told_in_template_order() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  post-processor "shell-local" { inline = ["sleep 0.2", "exit 1"] }
  post-processor "shell-local" { inline = ["exit 2"] }
  post-processor "shell-local" { inline = ["echo fine"] }
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    let error = |code| format!("Script exited with non-zero exit status: {code}.");
    let summary = text.split("--> null.a: 2 error(s) occurred:").nth(1).unwrap_or_else(|| panic!("{text}"));
    assert!(summary.find(&error(1)) < summary.find(&error(2)), "{text}");
    assert!(text.contains("==> null.a (shell-local): fine"), "{text}");
}

#[test]
fn a_version_that_will_not_do_is_refused() {
    let template = |version: &str| {
        format!(
            "packer {{\n  required_version = \"{version}\"\n}}\nsource \"null\" \"a\" {{ communicator = \"none\" \
             }}\nbuild {{ sources = [\"null.a\"] }}\n"
        )
    };
    Sandbox::with_template(&template(">= 1.7.0, < 2")).run(&["validate", "t.pkr.hcl"]).expect(0);
    let text = Sandbox::with_template(&template("~> 1.15.0")).run(&["validate", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Error: Unsupported Packer Core version\n\n  on t.pkr.hcl line 2"), "{text}");
}
