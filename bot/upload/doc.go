// Package upload serves the web page on which an agent uploads files for a customer. It is for surfaces (chats in which
// agents work) whose own files Parley can't read. The surface shows the agent a link to the page. The link contains a
// signed ticket, which replaces a sign-in. What the agent submits on the page is a reply to the customer, as if it came
// from a form of the chat. Other pages with files read their forms by ReadForm.
//
// What does not belong here: how a surface opens the page, and how it handles a reply (its own folder); which files a
// channel can carry (bridge).
package upload
