// Package channels defines what every customer-side medium has in common: the Channel interface, the facts that arrive
// (Inbound), the messages that leave (Outbound), the capabilities and the Spec that describes one kind.
//
// What does not belong here: SQL, decisions, and anything that names a vendor.
package channels
