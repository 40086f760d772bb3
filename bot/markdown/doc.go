// Package markdown reads and writes canonical Markdown for surfaces: what a customer
// wrote becomes parts and runs of text that a surface renders in its own form, and what
// somebody typed, once its surface's form is taken apart, becomes Markdown with every
// character that is meant literally escaped.
//
// What does not belong here: any vendor's form of rich text, and what the words mean
// (bot/command).
package markdown
