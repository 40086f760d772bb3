package channels

import "context"

// Template is a message that a provider has to approve before it may be sent, such as the body
//
//	Hello {{first_name}}, your quote {{quote_number}} is ready.
//
// With WhatsApp, templates are the only way to write to a customer who hasn't written in the last 24 hours.
type Template struct {
	ExternalID string // the provider's id; "" means that it was never submitted
	Name       string // the name at the provider: only a–z, 0–9 and _
	Language   string // the provider's code: "en", "en_US"
	Category   string // one of TemplateCategories
	Header     string // plain text; "" means none
	Body       string
	Footer     string
	Buttons    []Button
	Variables  []string          // the variables in Header and Body, in the order of their first use
	Examples   map[string]string // an example value for each variable, which providers require for the review
}

// TemplateUse is a Template together with the values for one customer.
type TemplateUse struct {
	Template
	Values map[string]string // a nonempty value for each of Variables
}

// TemplateStatus is the status of a template's review. Only approved templates can be sent.
type TemplateStatus string

// The states of a template.
const (
	TemplateDraft    TemplateStatus = "draft"    // not submitted
	TemplatePending  TemplateStatus = "pending"  // submitted, but not decided
	TemplateApproved TemplateStatus = "approved" // can be sent
	TemplateRejected TemplateStatus = "rejected" // refused: see TemplateState.Reason
	TemplatePaused   TemplateStatus = "paused"   // stopped by the provider temporarily
	TemplateDisabled TemplateStatus = "disabled" // stopped by the provider permanently
)

// TemplateState is the state of a template at the provider.
type TemplateState struct {
	ExternalID string
	Name       string
	Language   string
	Category   string // the provider's choice, which decides the price; it may differ from Template.Category
	Status     TemplateStatus
	Reason     string // why it was rejected, for people; "" means that it wasn't
	Quality    string // "green", "yellow" or "red", by the reactions of customers; "" means unknown
}

// Templater is a Channel whose provider approves templates. Its methods may block until ctx ends, and are never called
// inside a database transaction.
// Errors: *SendError.
type Templater interface {
	// SubmitTemplate submits a template for review. A template that has an ExternalID is submitted as an edit, and may
	// get another ExternalID. An error of class BadContent says what is wrong with the template. After an error of class
	// Ambiguous the provider may have received it; after any other error it hasn't.
	SubmitTemplate(ctx context.Context, t Template) (TemplateState, error)

	// DeleteTemplate deletes a template at the provider. For a template without an ExternalID, the effect depends on the
	// provider: it may delete the name in all languages, or nothing.
	DeleteTemplate(ctx context.Context, t Template) error

	// ListTemplates returns the state of all templates of the account.
	ListTemplates(ctx context.Context) ([]TemplateState, error)
}
