// Package torture tests Parley by fault injection. A run starts Parley, PostgreSQL and emulators of all
// providers as processes. A driver lets customers and agents write (the workload) while an injector
// kills, stops, cuts off and upgrades processes by a schedule. In the end a checker decides whether every
// message arrived once, in order, and nowhere else.
//
// The words of this package:
//
//   - A fault is one planned disturbance. Its kind says what is done, such as "kill". The schedule says
//     when; it follows from a seed, so the same seed makes a similar run, not an equal one.
//   - A trigger is the moment on the wire for which some faults wait, such as the first bytes of a mail.
//     A stimulus is what people do so that such a moment comes. A task is what they do once for a fault
//     that consists of their messages, such as a flood.
//   - Provider faults are the errors that the emulators make by chance all the while.
//   - The test oracle, the part of a test that tells right from wrong, is a process of its own (package oracle). It observes
//     over the wire what people would see in mailboxes and threads, never the database, and has package
//     checker decide. Package records audits Parley's own tables for what nobody sees.
//
// What does not belong here: speed (package bench), and rules of Parley's own.
package torture
