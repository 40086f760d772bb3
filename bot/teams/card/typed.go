package card

// Typed is a person's message as Teams gives it.
type Typed struct {
	HTML     string         // of its text/html attachment, "" = none
	Text     string         // of the activity
	Mentions []TypedMention // in the order of its entities
	Bot      string         // our own id ("28:…")
}

// TypedMention is a mention entity of a person's message.
type TypedMention struct {
	ID    string // mentioned.id: "28:…" of a bot, "29:…" of a person
	User  string // the person's Entra object id, "" = not known
	Name  string
	Text  string // as it stands in Typed.Text: "<at>Ann</at>"
	Index int    // the id attribute of its <at> in Typed.HTML
}

// Text is what somebody typed, in two forms.
type Text struct {
	Markdown string            // canonical; mentions are tokens such as <@id>
	Plain    string            // the characters as typed, without formatting
	Mentions []string          // who is mentioned: Entra object ids, else Teams ids; not we
	Tokens   map[string]string // token → that id, for command.Options
	Bot      bool              // we are mentioned; our mentions are left out of both forms
	Files    []string          // ids of the attachments that stand in it
}

// ReadText reads what somebody typed. Never fails: what it doesn't know is shown as it is.
func ReadText(t Typed) Text {
	return Text{Markdown: t.Text, Plain: t.Text}
}
