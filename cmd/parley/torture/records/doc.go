// Package records has the PostgreSQL server of a torture run. Database starts it, injects faults into it (kills it,
// fills its disk, holds a snapshot) and reads its tables. Audit checks the invariants that nobody sees from outside:
// whether each event took effect in order, once, and was not given up, and whether cards show how conversations stand.
//
// What does not belong here: when a fault is injected, and what people see (package checker).
package records
