// Package upload is the web page on which an agent gives files for a customer, for surfaces
// that can't hand files of their own over. A surface leads a person there by a ticket; what
// is sent is a reply of theirs like one from a form.
//
// What does not belong here: how a surface opens the page, and what it makes of a reply
// (its own folder); what a channel can carry (bridge).
package upload
