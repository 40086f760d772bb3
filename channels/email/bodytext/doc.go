// Package bodytext turns the text of mails into canonical Markdown, and Markdown into the text of mails.
//
// Reading takes plain text or HTML, cuts off the signature and the quoted history as mail programs and people write
// them, and keeps of HTML what can be read: its form as Markdown, or the HTML itself without anything that acts or is
// loaded from elsewhere. It never fails. Writing renders an answer and its signature as HTML and as plain text.
//
// What does not belong here: how the bytes of a mail become text (package rawmail), and what a mail
// means besides its words.
package bodytext
