// Package records has the PostgreSQL server of a torture run. Database starts it, injects faults into it (kills it,
// fills its disk, holds a snapshot) and reads its tables. Audit checks the invariants that can't be observed from
// outside: whether each event was applied once, in order, and not given up, and whether cards show the current state of
// their conversations.
//
// What does not belong here: when a fault is injected, and what people see (package checker).
package records
