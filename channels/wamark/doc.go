// Package wamark converts canonical Markdown to the text that customers' chat programs show, and their text back to
// canonical Markdown. It supports WhatsApp's marks (*bold*, _italic_, ~struck~, `code`), and plain text for SMS and other
// channels without marks.
//
// What does not belong here: how long a text may be, where it may be cut, and how it is sent.
//
// Source: WhatsApp help centre, "How to format your messages".
package wamark
