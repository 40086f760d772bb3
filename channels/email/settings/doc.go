// Package settings has what an administrator says of a mailbox: the fields that are filled in, and the
// checked values that they become, with defaults that depend on the mail service.
//
// What does not belong here: whether servers agree with them.
package settings
