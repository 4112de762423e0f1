//! axe-core, run in the page: the accessibility checker that most audits begin with.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::{Options, Person, variable};

/// Fails if axe-core finds anything against WCAG 2.2 AA in what is shown now. `what` names it.
pub async fn axe(person: &Person, what: &str, options: &Options) -> Result<()> {
    let source = source().await?;
    // Not by the page's own scripts, which its policy would forbid: the steering protocol evaluates it.
    let tools = person.browser.driver.cdp();
    let evaluate = |expression: String| {
        tools.send_raw(
            "Runtime.evaluate",
            serde_json::json!({ "expression": expression, "awaitPromise": true, "returnByValue": true }),
        )
    };
    evaluate(format!("{source}; true")).await?;
    // An open menu lies above all landmarks, and has the focus: it need not be within one.
    // What is fading in has other colours for a moment.
    let run = "Promise.allSettled(document.getAnimations()\
        .filter((moving) => moving.effect.getComputedTiming().iterations !== Infinity).map((moving) => moving.finished))\
        .then(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], \
        rules: { region: { enabled: document.querySelector('.menu:popover-open') === null } } }))\
        .then((found) => found.violations.map((v) => `${v.id}: ${v.help} at ${v.nodes.map((n) => n.target.join(' ')).join(', ')} \
        ${v.nodes[0]?.failureSummary ?? ''}`))";
    let found: Value = evaluate(run.to_owned()).await?;
    let violations = found["result"]["value"].as_array().with_context(|| format!("axe did not run: {found}"))?;
    if !violations.is_empty() {
        bail!("axe about {what} at {:?}, dark {}: {violations:#?}", options.window, options.dark);
    }
    Ok(())
}

/// The checker's source, as the Python package that carries it has it.
async fn source() -> Result<String> {
    let find = "import importlib.util as u, pathlib; print(pathlib.Path(u.find_spec('axe_playwright_python').origin).with_name('axe.min.js'))";
    let python = Command::new(variable("PLAUSCH_PYTHON")?).args(["-c", find]).output().await?;
    let file = String::from_utf8(python.stdout)?;
    std::fs::read_to_string(file.trim()).with_context(|| format!("axe-core at {file:?}"))
}
