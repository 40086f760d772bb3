package channels

import "context"

// Template is a text that a provider approves before it may be sent.
type Template struct {
	ExternalID string // the provider's; "" if not submitted yet
	Name       string // [a-z0-9_]: the provider's name of it
	Language   string // "en", "en_US"
	Category   string // utility, marketing, authentication
	Header     string // plain text, "" if there is none
	Body       string // with {{variables}}
	Footer     string
	Buttons    []Button
	// Variables are the names of the variables in Header and Body, in the order of their first use.
	// Examples has an example value for each, which providers ask for.
	Variables []string
	Examples  map[string]string
}

// TemplateUse is a Template filled for one customer.
type TemplateUse struct {
	Template
	Values map[string]string // one for each variable, never empty
}

// TemplateStatus says whether a provider allows a template.
type TemplateStatus string

// Statuses; only TemplateApproved may be sent.
const (
	TemplateDraft    TemplateStatus = "draft" // not submitted
	TemplatePending  TemplateStatus = "pending"
	TemplateApproved TemplateStatus = "approved"
	TemplateRejected TemplateStatus = "rejected"
	TemplatePaused   TemplateStatus = "paused"   // the provider stopped it for a while
	TemplateDisabled TemplateStatus = "disabled" // for good
)

// TemplateState is a provider's verdict.
type TemplateState struct {
	ExternalID string
	Name       string
	Language   string
	Category   string // as the provider sees it; it decides the price
	Status     TemplateStatus
	Reason     string // of a rejection, for people
	Quality    string // green, yellow, red; "" means unknown
}

// Templater is a Channel whose provider approves templates.
type Templater interface {
	// SubmitTemplate submits a new template, or the changed one when ExternalID is set.
	// Errors: *SendError: BadContent says what is wrong with it.
	SubmitTemplate(ctx context.Context, t Template) (TemplateState, error)

	// DeleteTemplate deletes a template at the provider.
	DeleteTemplate(ctx context.Context, t Template) error

	// ListTemplates returns the provider's verdicts on all templates of the account.
	ListTemplates(ctx context.Context) ([]TemplateState, error)
}
