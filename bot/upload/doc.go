// Package upload is the web page on which an agent uploads files for a customer. It is for surfaces (chats in which
// agents work) whose own files Parley can't read. The surface gives a person a link with a ticket. What they send on
// the page is their reply, as if it came from a form. Other pages with files read their forms by ReadForm.
//
// What does not belong here: how a surface opens the page, and what it makes of a reply
// (its own folder); what a channel can carry (bridge).
package upload
