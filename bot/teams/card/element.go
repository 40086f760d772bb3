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

// teams has the properties of a card that only Teams knows.
type teams struct {
	Width    string   `json:"width,omitempty"`
	Entities []entity `json:"entities,omitempty"`
}

// entity is a mention in a card. A TextBlock of the card must contain exactly the characters of Text.
type entity struct {
	Type      string    `json:"type"`
	Text      string    `json:"text"`
	Mentioned mentioned `json:"mentioned"`
}

type mentioned struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// element is any part of a card's body. Its Type says which fields Teams reads; the others stay empty.
type element struct {
	// Every element.
	Type    string `json:"type"`
	ID      string `json:"id,omitempty"`
	Spacing string `json:"spacing,omitempty"`

	// TextBlock. Wrap also applies to Input.ChoiceSet.
	Text   string   `json:"text,omitempty"`
	Wrap   bool     `json:"wrap,omitempty"`
	Size   textSize `json:"size,omitempty"`
	Subtle bool     `json:"isSubtle,omitempty"`

	// Container: its background. Input.ChoiceSet: how the choices are shown.
	Style string `json:"style,omitempty"`

	// RichTextBlock.
	Inlines []inline `json:"inlines,omitempty"`

	// Container and Column.
	Items []element `json:"items,omitempty"`

	// ColumnSet.
	Columns []element `json:"columns,omitempty"`

	// Column.
	Width         string `json:"width,omitempty"`
	VerticalAlign string `json:"verticalContentAlignment,omitempty"`

	// ActionSet.
	Actions []action `json:"actions,omitempty"`

	// Input.Text and Input.ChoiceSet.
	question
}

// question has the fields of elements that a person fills in.
type question struct {
	// Input.Text and Input.ChoiceSet.
	Label        string `json:"label,omitempty"`
	Required     bool   `json:"isRequired,omitempty"`
	ErrorMessage string `json:"errorMessage,omitempty"` // what the client shows if the value is missing
	Placeholder  string `json:"placeholder,omitempty"`
	Value        string `json:"value,omitempty"`

	// Input.Text.
	MaxLength int  `json:"maxLength,omitempty"`
	Multiline bool `json:"isMultiline,omitempty"`

	// Input.ChoiceSet. If Multiselect is set, Value lists the chosen values, separated by commas.
	Multiselect bool     `json:"isMultiSelect,omitempty"`
	Choices     []choice `json:"choices,omitempty"`
}

// choice is an option of an Input.ChoiceSet.
type choice struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// inline is a TextRun. Its text is literal: Markdown in it isn't interpreted.
type inline struct {
	Type   string   `json:"type"`
	Text   string   `json:"text"`
	Size   textSize `json:"size,omitempty"`
	Weight string   `json:"weight,omitempty"`
	Color  string   `json:"color,omitempty"`
	Font   string   `json:"fontType,omitempty"`
	Subtle bool     `json:"isSubtle,omitempty"`
	Italic bool     `json:"italic,omitempty"`
	Strike bool     `json:"strikethrough,omitempty"`
}

// action is a button.
type action struct {
	// Every action.
	Type  string `json:"type"`
	Title string `json:"title,omitempty"`
	Style string `json:"style,omitempty"` // "positive", "destructive", or "" for a plain button
	Mode  string `json:"mode,omitempty"`  // "secondary" puts the button into the row's menu

	// Action.Execute.
	Verb string `json:"verb,omitempty"`

	// Action.Execute and Action.Submit: what a click sends us.
	Data json.RawMessage `json:"data,omitempty"`

	// Action.ShowCard: what opens below the button.
	Card *adaptive `json:"card,omitempty"`

	// Action.Execute: the button of clients that don't know Action.Execute.
	Fallback *action `json:"fallback,omitempty"`
}
