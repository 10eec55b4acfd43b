//! How long a tenant keeps what, over HTTP: whoever sets a clock is written down, and everybody who may sees it.

use customer_intelligence::domain::retention::RetentionClock;
use serde_json::json;

use super::TENANT;
use super::rig::Rig;

const CLOCKS: &str = "{ retention { clock months usual_months } }";

async fn set(rig: &Rig, role: &str, clock: &str, months: i32) -> serde_json::Value {
    let query = format!(
        "mutation {{ set_retention(input: {{clock: {clock}, months: {months}}}) {{ status times {{ clock months }} }} }}"
    );
    rig.ask(role, json!({ "query": query })).await.json()
}

#[tokio::test]
async fn a_clock_that_is_set_is_shown_written_down_and_followed() {
    let rig = Rig::new().await;
    let before = rig.ask("manager", json!({ "query": CLOCKS })).await.data();
    assert_eq!(
        before["retention"],
        json!([
            { "clock": "MESSAGES", "months": 13, "usual_months": 13 },
            { "clock": "CHECKOUTS", "months": 6, "usual_months": 6 },
            { "clock": "REVIEW", "months": 24, "usual_months": 24 },
            { "clock": "PERSONS", "months": 36, "usual_months": 36 },
        ])
    );
    let done = set(&rig, "data_protection", "MESSAGES", 3).await;
    assert_eq!(done["data"]["set_retention"]["status"], "SET", "{done}");
    for months in [-1, 601] {
        let done = set(&rig, "data_protection", "MESSAGES", months).await;
        let status = &done["data"]["set_retention"]["status"];
        assert_eq!(status, "UNUSABLE_MONTHS", "{done}");
    }
    let refused = set(&rig, "dispatcher", "MESSAGES", 1).await;
    let code = &refused["errors"][0]["extensions"]["code"];
    assert_eq!(code, "FORBIDDEN", "{refused}");

    let after = rig.ask("manager", json!({ "query": CLOCKS })).await.data();
    assert_eq!(after["retention"][0]["months"], 3);
    assert_eq!(after["retention"][0]["usual_months"], 13);
    let office = &rig.rights.erasures.office;
    let settings = office.retention(TENANT).await.unwrap();
    assert_eq!(settings.months(RetentionClock::Messages), 3);
    let acts = "select concat_ws(' ', act, role, user_id, detail) from audit_act order by number";
    assert_eq!(
        rig.lines(acts).await,
        [
            r#"setting_changed data_protection u-7 {"months":3,"months_before":13,"setting":"retention.messages"}"#
        ]
    );
    rig.whole().await;
}
