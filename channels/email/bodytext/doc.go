// Package bodytext converts the text of mails to Markdown, and Markdown to the text of mails.
//
// Reading (Reader) accepts plain text or HTML and returns it as Markdown; or it returns the HTML without active content
// and remote pictures. It never fails. Writing (RenderHTML, RenderText) renders an answer and its signature as HTML and as plain text.
//
// What does not belong here: how the bytes of a mail become text (package rawmail), and what a mail means (package
// inbound).
package bodytext
