// Package torture kills Parley at random while mails and replies flow, and lets an
// oracle judge what customers got and what threads show.
//
// Five kinds of processes take part: the emulators, one to three Parleys, PostgreSQL,
// the oracle, and this one, which drives the people, does the harm and starts again
// what it killed. Whatever Parley's processes do to each other, the verdict stands on
// the emulators' word alone: the oracle sees what they show over the wire and never
// the database. Beside it Parley's records are audited for promises that nobody sees: the
// order of the queues, and that nothing was applied twice or given up.
//
// Each message carries a marker (see checker.Mark) that names its conversation, its number and
// what is to become of it. The schedule of harm follows from a seed; when a blow meets
// which message does not, so the same seed makes a similar run, not an equal one.
//
// What does not belong here: speed (bench), rules of Parley's own.
package torture
