// Package settings defines the configuration of an email account: the fields that an administrator fills in, and the
// checked values with defaults that depend on the mail service. It makes no connections.
package settings
