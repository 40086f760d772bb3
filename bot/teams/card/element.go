package card

import "encoding/json"

// ContentType of the attachment that holds a card.
const ContentType = "application/vnd.microsoft.card.adaptive"

// adaptive is the root of a card.
// Source: adaptivecards.io/explorer, schema 1.5, which is what Teams shows.
type adaptive struct {
	Type    string    `json:"type"`
	Schema  string    `json:"$schema,omitempty"`
	Version string    `json:"version,omitempty"`
	Body    []element `json:"body"`
	Actions []action  `json:"actions,omitempty"`
	Teams   *teams    `json:"msteams,omitempty"`
}

// teams is what Teams adds to a card.
type teams struct {
	Width    string   `json:"width,omitempty"`
	Entities []entity `json:"entities,omitempty"`
}

// entity is a mention in a card. A TextBlock of the card has exactly the characters of Text.
type entity struct {
	Type      string    `json:"type"`
	Text      string    `json:"text"`
	Mentioned mentioned `json:"mentioned"`
}

type mentioned struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// element is any part of a card's body; Type says which fields count.
type element struct {
	Type    string    `json:"type"`
	ID      string    `json:"id,omitempty"`
	Spacing string    `json:"spacing,omitempty"`
	Text    string    `json:"text,omitempty"` // TextBlock
	Wrap    bool      `json:"wrap,omitempty"`
	Size    string    `json:"size,omitempty"`
	Subtle  bool      `json:"isSubtle,omitempty"`
	Style   string    `json:"style,omitempty"`
	Inlines []inline  `json:"inlines,omitempty"` // RichTextBlock
	Items   []element `json:"items,omitempty"`   // Container
	Columns []element `json:"columns,omitempty"` // ColumnSet
	Width   string    `json:"width,omitempty"`   // Column
	Center  string    `json:"verticalContentAlignment,omitempty"`
	Actions []action  `json:"actions,omitempty"` // ActionSet

	question
}

// question is what parts of a card have that a person fills in: Input.Text and Input.ChoiceSet.
type question struct {
	Label       string   `json:"label,omitempty"`
	Required    bool     `json:"isRequired,omitempty"`
	Error       string   `json:"errorMessage,omitempty"`
	Placeholder string   `json:"placeholder,omitempty"`
	Value       string   `json:"value,omitempty"`
	MaxLength   int      `json:"maxLength,omitempty"`
	Multiline   bool     `json:"isMultiline,omitempty"`
	Multiselect bool     `json:"isMultiSelect,omitempty"`
	Choices     []choice `json:"choices,omitempty"`
}

// choice is an option of an Input.ChoiceSet.
type choice struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// inline is a TextRun: its text is literal, nothing in it is Markdown.
type inline struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Size   string `json:"size,omitempty"`
	Weight string `json:"weight,omitempty"`
	Color  string `json:"color,omitempty"`
	Font   string `json:"fontType,omitempty"`
	Subtle bool   `json:"isSubtle,omitempty"`
	Italic bool   `json:"italic,omitempty"`
	Strike bool   `json:"strikethrough,omitempty"`
}

// action is a button.
type action struct {
	Type     string          `json:"type"`
	Title    string          `json:"title,omitempty"`
	Style    string          `json:"style,omitempty"`
	Mode     string          `json:"mode,omitempty"`
	Verb     string          `json:"verb,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	Card     *adaptive       `json:"card,omitempty"`
	Fallback *action         `json:"fallback,omitempty"`
}
