// Package bench measures Parley against what PostgreSQL and the providers allow.
//
// Most figures are ratios taken in one run on one machine: the reference, the product, the reference again. A round
// whose two references differ by more than a quarter is repeated; the median of the rounds counts. So these figures
// survive a slow or a shared machine; absolute rates would not.
//
// Parley runs as a process of its own, so that its CPU time and memory are its own; the database is private and durable
// (fsync and synchronous_commit on). Emulators and generators share this process: what an agent or a customer does next
// follows from what was posted or sent, without another hop.
//
// Each group of figures is measured by a package below (accept, talk, lanes, shop, mail), all of them on package rig, some
// with load; this package lists the groups and runs them.
//
// What does not belong here: correctness under harm (torture), tuning.
package bench
