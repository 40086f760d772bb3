// Package records is the PostgreSQL of a torture: how it is started, struck, filled and read, and what Parley's
// own records in it say that nobody sees: whether events took effect in order, once and not given up, and
// whether cards show what is so.
//
// What does not belong here: when it is struck, and what people saw.
package records
