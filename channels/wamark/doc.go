// Package wamark turns canonical Markdown into what chat programs of customers show, and
// their text back into canonical Markdown: WhatsApp's marks (*bold*, _italic_, ~struck~,
// `code`), and plain text for SMS and others without marks.
//
// Source: WhatsApp help centre, "How to format your messages". Where a line may be cut,
// how long it may be and how it is sent doesn't belong here.
package wamark
