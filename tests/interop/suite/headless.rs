//! The headless program, as a person or a bot would run it.

use std::process::Stdio;

use plausch_interop::{Credentials, Server};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::tools::{Outcome, peer};

on_both_servers!(speaks_json_lines, reports_a_wrong_password);

/// Runs the example to its end with these lines as input.
async fn run(
    server: &Server,
    account: &Credentials,
    lines: &str,
) -> Result<(bool, Vec<Value>, String), Box<dyn std::error::Error>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut program = Command::new(cargo)
        .args([
            "run",
            "--quiet",
            "--example",
            "headless",
            "--",
            "--websocket",
            &server.websocket,
            "--jid",
            &account.jid,
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("PLAUSCH_PASSWORD", &account.password)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = program.stdin.take().ok_or("no input")?;
    input.write_all(lines.as_bytes()).await?;
    drop(input);
    let output = tokio::time::timeout(std::time::Duration::from_secs(300), program.wait_with_output()).await??;
    let text = String::from_utf8(output.stdout)?;
    let updates = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok((output.status.success(), updates, String::from_utf8_lossy(&output.stderr).into_owned()))
}

async fn speaks_json_lines(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut peer = peer(&server).await?;
    let them = peer.jid.clone();
    let lines = format!(
        "{{\"StartChat\":{{\"address\":\"{them}\"}}}}\nnot a command\n\n{{\"NoSuchCommand\":1}}\n\
         {{\"SendText\":{{\"chat\":\"{them}\",\"text\":\"beep\"}}}}\n"
    );
    let (success, updates, errors) = run(&server, &account, &lines).await?;
    peer.hear("beep").await?;
    assert!(success, "{errors}");
    assert_eq!(errors.matches("not a command").count(), 2, "{errors}");
    assert!(updates.iter().any(|update| update["Connection"] == "Online"));
    let done = |number: u64| updates.iter().find(|update| update["Done"]["command"] == number);
    assert!(done(2).is_some_and(|update| update["Done"]["result"]["Ok"].is_null()), "{updates:#?}");
    assert_eq!(updates.last().map(|update| &update["Ended"]), Some(&Value::from("SignedOut")));
    Ok(())
}

async fn reports_a_wrong_password(server: Server) -> Outcome {
    let mut account = server.account().await?;
    account.password.push('!');
    let (success, updates, errors) = run(&server, &account, "").await?;
    assert!(!success && errors.contains("WrongPassword"), "{errors}");
    assert_eq!(updates.last().map(|update| &update["Ended"]["SignInFailed"]), Some(&Value::from("WrongPassword")));
    Ok(())
}
