//! Waiting for the machine: each kind of login, what is said, and what keeps it from working.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, CancelPhase};

use super::fixtures::{logged, run, settings};
use super::winrm_machine::{Machine, Setup, Trouble};
use crate::builtin::fixtures::RecordingUi;
use crate::component::ComponentError;
use crate::winrm::wait::{Unavailable, wait, wait_for_winrm};
use crate::winrm::{Proxy, Settings, WinRm};

const SHORT: Duration = Duration::from_millis(300);

/// The first try.
async fn check(settings: Settings) -> Result<(), Unavailable> {
    WinRm::new(settings).unwrap().check(&RecordingUi::default(), &Cancel::new()).await
}

#[tokio::test]
async fn what_is_said_and_done() {
    let (machine, ui) = (Machine::start(Setup::default()), RecordingUi::default());
    wait_for_winrm(settings(&machine), &ui, &Cancel::new()).await.unwrap();
    let said = [
        "say: Using WinRM communicator to connect: 127.0.0.1",
        "say: Waiting for WinRM to become available...",
        "message: WinRM connected.",
        "say: Connected to WinRM!",
    ];
    assert_eq!(ui.said(), said);
    assert_eq!(machine.actions(), ["Create", "Delete", "Create", "Command", "Receive", "Delete"]);
    let seen = machine.seen();
    assert!(seen.iter().all(|seen| seen.timeout == "PT60.000S" || seen.action == "Delete"), "{seen:?}");
    assert_eq!((machine.n_shells(), seen[3].console.as_str()), (0, "TRUE"));
}

#[tokio::test]
async fn basic_or_ntlm_as_asked_for() {
    for (basic, ntlm, use_ntlm) in [(true, false, false), (false, true, true), (true, true, true)] {
        let machine = Machine::start(Setup { basic, ntlm, ..Setup::default() });
        check(Settings { use_ntlm, ..settings(&machine) }).await.unwrap();
        assert!(machine.seen().iter().all(|seen| seen.is_sealed == use_ntlm));
        let refused = check(Settings { use_ntlm: !use_ntlm, ..settings(&machine) }).await;
        assert_eq!(refused.is_err(), !(basic && ntlm));
    }
}

#[tokio::test]
async fn ntlm_encrypts_everything_over_plain_http() {
    let machine = Machine::start(Setup { domain: "CORP", user: "alice", basic: false, ..Setup::default() });
    let winrm = Settings { use_ntlm: true, username: "CORP\\Alice".to_owned(), ..settings(&machine) };
    let winrm = WinRm::new(winrm).unwrap();
    let cancel = Cancel::new();
    let both = tokio::join!(run(&winrm, "flood 300000", None, &cancel), run(&winrm, "echo hi", None, &cancel));
    assert_eq!((both.0.status, both.0.stdout.len()), (Ok(0), 300_000));
    assert_eq!((both.1.status, both.1.stdout), (Ok(0), b"hi\r\n".to_vec()));
    assert!(machine.seen().iter().all(|seen| seen.is_sealed));
    assert!(machine.refusals().is_empty());
}

#[tokio::test]
async fn a_machine_that_answers_late_is_asked_again_also_when_encrypted() {
    let machine = Machine::start(Setup { basic: false, ..Setup::default() });
    let winrm = WinRm::new(Settings { use_ntlm: true, timeout: SHORT, ..settings(&machine) }).unwrap();
    let cancel = Cancel::new();
    let asking = async {
        let asked = tokio::task::spawn_blocking(move || {
            machine.wait_until("asked three times", |machine| {
                machine.actions().iter().filter(|action| *action == "Receive").count() >= 3
            });
            machine
        });
        let machine = asked.await.unwrap();
        cancel.raise(CancelPhase::Stopping);
        machine
    };
    let (machine, ran) = tokio::join!(asking, run(&winrm, "wait", None, &cancel));
    assert!(machine.seen().iter().all(|seen| seen.is_sealed));
    assert_eq!(ran.status, Err(ComponentError::Cancelled));
}

#[tokio::test]
async fn tls_is_believed_only_when_told_to() {
    for ntlm in [false, true] {
        let machine = Machine::start(Setup { tls: true, basic: !ntlm, ntlm, ..Setup::default() });
        let secure = Settings { use_ssl: true, use_ntlm: ntlm, ..settings(&machine) };
        let refused = check(secure.clone()).await.unwrap_err();
        let why = refused.reason();
        assert!(
            why.contains("certificate") && why.ends_with("Set winrm_insecure = true to take any certificate"),
            "{why}"
        );
        check(Settings { insecure: true, ..secure.clone() }).await.unwrap();
        // TLS encrypts already, and NTLM is bound to it.
        assert!(machine.seen().iter().all(|seen| !seen.is_sealed));
        assert!(machine.refusals().is_empty(), "{:?}", machine.refusals());
        assert!(check(Settings { use_ssl: false, ..secure }).await.is_err());
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_once_and_tried_until_the_time_is_up() {
    let basic = "basic authentication over plain HTTP (Auth/Basic, AllowUnencrypted)";
    for (use_ntlm, kind) in [(false, basic), (true, "NTLM")] {
        let (machine, ui) = (Machine::start(Setup::default()), RecordingUi::default());
        let wrong = Settings { password: "wrong horse".to_owned(), use_ntlm, timeout: SHORT, ..settings(&machine) };
        let (error, log) = logged(wait_for_winrm(wrong, &ui, &Cancel::new())).await;
        let why = format!(
            "127.0.0.1:{} does not let \"Administrator\" in with this password. Check winrm_username and \
             winrm_password, and that the machine's WinRM service allows {kind}",
            machine.port
        );
        let error = error.err().unwrap().to_string();
        assert_eq!(error, format!("Timeout waiting for WinRM.\nThe last try within 300ms failed: {why}"));
        assert_eq!(ui.said()[2], format!("message: {why}. Trying again, in case it is still being set up..."));
        assert_eq!(ui.said()[3..], ["error: Timeout waiting for WinRM."]);
        assert!(machine.seen().is_empty());
        assert_eq!(machine.refusals().contains(&"wrong password"), use_ntlm);
        assert!(!log.contains("horse") && !error.contains("horse"), "{log}");
    }
}

#[tokio::test]
async fn nothing_secret_reaches_the_log() {
    for use_ntlm in [false, true] {
        let machine = Machine::start(Setup::default());
        let winrm = WinRm::new(Settings { use_ntlm, ..settings(&machine) }).unwrap();
        let cancel = Cancel::new();
        let (ran, log) = logged(run(&winrm, "echo a-secret-word", None, &cancel)).await;
        assert_eq!(ran.status, Ok(0));
        // `Administrator:correct horse`, and the word, in base64.
        for secret in ["correct horse", "QWRtaW5pc3RyYXRvcjpjb3JyZWN0", "a-secret-word", "YS1zZWNyZXQtd29yZ"] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}

#[tokio::test]
async fn nobody_there_and_nobody_answering() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let deaf = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let machine = Machine::start(Setup::default());
    let base = Settings { timeout: SHORT, ..settings(&machine) };
    for (port, why) in [(free, "connection refused"), (deaf.local_addr().unwrap().port(), "no answer within 300ms")] {
        let settings = Settings { port, ..base.clone() };
        let error = wait_for_winrm(settings, &RecordingUi::default(), &Cancel::new()).await.err().unwrap().to_string();
        assert!(error.starts_with("Timeout waiting for WinRM.\nThe") && error.ends_with(why), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_winrm_service_is_said_to_be_none() {
    let machine = Machine::with_trouble(Setup::default(), |_| Trouble::Status(404));
    let refused = check(settings(&machine)).await.unwrap_err();
    assert_eq!(refused.reason(), "the answer is not one of a WinRM service: HTTP 404 Not Found");
}

#[tokio::test]
async fn it_is_tried_until_it_works() {
    let mut n_left = 4;
    let machine = Machine::with_trouble(Setup::default(), move |seen| {
        n_left -= i32::from(n_left > 0 && seen.action != "Delete");
        if n_left > 0 && seen.action != "Delete" { Trouble::HangUp } else { Trouble::None }
    });
    let ui = RecordingUi::default();
    wait(settings(&machine), Duration::from_millis(1), &ui, &Cancel::new()).await.unwrap();
    assert_eq!(ui.said().last().unwrap(), "say: Connected to WinRM!");
}

#[tokio::test]
async fn settings_that_cannot_work_fail_at_once() {
    let machine = Machine::start(Setup::default());
    let ui = RecordingUi::default();
    let broken = Settings { host: "no host".to_owned(), ..settings(&machine) };
    let error = wait_for_winrm(broken, &ui, &Cancel::new()).await.err().unwrap().to_string();
    assert_eq!(error, "Error waiting for WinRM: winrm_host \"no host\" is not the name or address of a machine");
    assert_eq!(ui.said().last().unwrap(), &format!("error: {error}"));
}

#[tokio::test]
async fn waiting_can_be_cancelled_at_any_time() {
    for silent in ["Create", "Delete", "Command", "Receive", ""] {
        let machine = Machine::with_trouble(Setup::default(), move |seen| {
            if seen.action == silent { Trouble::Silence } else { Trouble::None }
        });
        let wrong = if silent.is_empty() { "wrong" } else { "correct horse" };
        let settings = Settings { password: wrong.to_owned(), ..settings(&machine) };
        let (cancel, ui) = (Cancel::new(), Arc::new(RecordingUi::default()));
        let waiting = tokio::spawn({
            let (cancel, ui) = (cancel.clone(), ui.clone());
            async move { wait_for_winrm(settings, &*ui, &cancel).await.map(drop) }
        });
        let machine = tokio::task::spawn_blocking(move || {
            machine.wait_until("it is waited for", |machine| {
                machine.actions().iter().any(|action| action == silent) || ui.said().len() == 3
            });
            machine
        });
        let machine = machine.await.unwrap();
        cancel.raise(if silent == "Delete" { CancelPhase::Killing } else { CancelPhase::Stopping });
        assert_eq!(waiting.await.unwrap(), Err(ComponentError::Cancelled), "{silent}");
        drop(machine);
    }
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_unless_told_not_to() {
    let proxy = Machine::start(Setup::default());
    let environment = BTreeMap::from([("HTTP_PROXY".to_owned(), format!("http://127.0.0.1:{}", proxy.port))]);
    let far = Settings {
        host: "machine.invalid".to_owned(),
        proxy: Proxy::Environment(Arc::new(environment)),
        ..settings(&proxy)
    };
    check(far.clone()).await.unwrap();
    assert!(proxy.seen()[0].target.starts_with("http://machine.invalid:"), "{:?}", proxy.seen());
    let n_seen = proxy.seen().len();
    assert!(check(Settings { proxy: Proxy::Direct, ..far }).await.is_err());
    assert_eq!(proxy.seen().len(), n_seen);
}
