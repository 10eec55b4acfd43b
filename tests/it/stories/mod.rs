//! Stories: what the platform does, told step by step to the service in one process, with what each role then reads.
//!
//! `tests/stories/<name>.story` is the script, `tests/it/snapshots/<name>.snap` the script with the answers. `script`
//! says which steps there are, `stage` has the service and the platform's rows, `traces` looks for a person in the
//! tables. Deliberately absent: sleeping; the clock stands until a step moves it.

mod script;
mod stage;
pub(crate) mod traces;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use stage::Stage;

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "stories"]
        .iter()
        .collect()
}

async fn tell(name: &str) {
    let text = fs::read_to_string(folder().join(name).with_extension("story")).expect("a story");
    let mut stage = Stage::new().await;
    let mut transcript = String::new();
    for line in text.lines() {
        transcript.push_str(line);
        transcript.push('\n');
        if let Some(step) = script::step(line).unwrap_or_else(|wrong| panic!("{line}: {wrong}")) {
            for answer in stage.perform(step).await.lines() {
                transcript.push_str("    ");
                transcript.push_str(answer);
                transcript.push('\n');
            }
        }
    }
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true,
    }, { insta::assert_snapshot!(name, transcript) });
}

macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        $(#[tokio::test] async fn $name() { tell(stringify!($name)).await; })*

        #[test]
        fn every_story_is_told() {
            let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
            let files = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned());
            let told = [$(stringify!($name)),*].map(str::to_owned);
            assert_eq!(files.collect::<BTreeSet<_>>(), BTreeSet::from(told));
        }
    };
}

stories!(
    a_booking_is_confirmed_paid_and_completed,
    a_payment_comes_before_its_booking,
    a_person_is_merged_and_unmerged,
    a_passenger_is_linked_late,
    a_contact_is_linked_in_time_and_too_late,
    a_person_asks_to_be_forgotten,
    whoever_was_merged_once_leaves_no_trace,
    a_booking_is_deleted_and_comes_back,
    a_rebooking_by_another_booker,
    a_late_boarding_repairs_a_no_show,
    a_refund_as_goodwill,
    currency_and_time_zone_come_late,
    a_poisoned_delivery_is_parked,
    consent_is_given_taken_back_and_objected_to,
);
