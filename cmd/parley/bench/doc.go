// Package bench measures Parley against what PostgreSQL and the providers allow.
//
// Most figures are ratios, measured in rounds in one run on one machine. A round measures the reference (such as how fast
// PostgreSQL inserts rows), then Parley, then the reference again. If the two references differ by more than a quarter,
// the round is repeated. The median of the rounds counts. A ratio means the same on a slow or shared machine. An absolute
// rate would not.
//
// Parley runs in a process of its own, so that its CPU time and memory can be measured. The database is private and durable
// (fsync and synchronous_commit on). Emulators and generators run in the process of the benchmark, so that a simulated
// agent or customer sees each message, and acts on it, without a connection in between.
//
// Each group of figures has its files: accept, talk_, lanes_, shop_ and mail_. All of them use those of rig_, and some use
// those of load_.
//
// What does not belong here: whether Parley works correctly under faults (torture), and tuning.
package bench
