// Package torture tests Parley by fault injection. A run starts Parley, PostgreSQL and emulators of all providers as
// processes. A driver makes customers and agents write (the workload), while an injector kills, stops, cuts off and upgrades
// processes by a schedule. At the end, a checker decides whether every message arrived once, in order, and nowhere else.
//
// The words of this package:
//
//   - A fault is one planned disturbance. Its kind says what is done, such as "kill". The schedule says when. It is derived
//     from a seed, so that the same seed makes a similar run, though not an identical one.
//   - A trigger is the moment in the network traffic for which some faults wait, such as the first bytes of a mail.
//     A stimulus is what people do so that such a moment comes. A task is what they do once for a fault that consists of
//     their messages, such as a flood.
//   - Provider faults are the errors that the emulators return at random throughout the run.
//   - The test oracle is the part of a test that tells right from wrong. It is a process of its own (oracle*.go), which
//     observes what people would see in mailboxes and threads, and never the database. The files checker_*.go decide for it.
//     Those of records_ audit Parley's own tables for faults that people can't see.
//
// What does not belong here: speed (package bench), and rules of Parley's own.
package torture
