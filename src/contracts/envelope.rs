//! TEMP
use super::*;
/// t
pub fn read(body: &[u8]) -> Result<Delivery, Refusal> {
    let no = |reason| Refusal { tenant_id: None, event_id: None, table: None, trigger: None, reason, detail: "temp".into(), envelope: None };
    let v: serde_json::Value = serde_json::from_slice(body).map_err(|_| no(Reason::NotJson))?;
    let t = v["event"]["data"]["new"]["tenant_id"].as_str().and_then(|s| s.parse().ok()).ok_or_else(|| no(Reason::MissingTenant))?;
    Ok(Delivery { tenant_id: t, event_id: v["id"].as_str().map(str::to_owned), trigger: "t".into(), table: "x".into(), event_name: None, cut: body.to_vec(), dropped_columns: 0 })
}
