package channels

import "context"

// Template is a text that a provider has to approve before it may be sent. Its variables are written {{name}}.
type Template struct {
	ExternalID string // the provider's id; "" if the template was never submitted
	Name       string // as the provider calls it: only a–z, 0–9 and _
	Language   string // a code of the provider: "en", "en_US"
	Category   string // utility, marketing, authentication
	Header     string // plain text, "" if there is none
	Body       string
	Footer     string
	Buttons    []Button
	Variables  []string          // the names of the variables in Header and Body, in the order of their first use
	Examples   map[string]string // by name: an example of each variable's value, which providers ask for
}

// TemplateUse is a Template filled for one customer.
type TemplateUse struct {
	Template
	Values map[string]string // by the names of Variables, one for each; none is empty
}

// TemplateStatus says how far a provider's approval of a template has come.
type TemplateStatus string

// Statuses. A template can be sent only while it is approved.
const (
	TemplateDraft    TemplateStatus = "draft"    // not submitted
	TemplatePending  TemplateStatus = "pending"  // submitted, not decided
	TemplateApproved TemplateStatus = "approved" // can be sent
	TemplateRejected TemplateStatus = "rejected" // refused; TemplateState.Reason says why
	TemplatePaused   TemplateStatus = "paused"   // the provider stopped it for a while
	TemplateDisabled TemplateStatus = "disabled" // the provider stopped it for good
)

// TemplateState is what a provider says of a template.
type TemplateState struct {
	ExternalID string
	Name       string
	Language   string
	Category   string // as the provider sees it; it decides the price
	Status     TemplateStatus
	Reason     string // why it was rejected, for people; "" if it wasn't
	Quality    string // "green", "yellow" or "red", as customers react to it; "" means unknown
}

// Templater is a Channel whose provider approves templates. Its methods may block until ctx ends, and are never called in
// a transaction.
// Errors: *SendError.
type Templater interface {
	// SubmitTemplate submits a template that has no ExternalID. One that has, it submits again as changed; the state may
	// then name another ExternalID. Errors of class BadContent say what is wrong with the template. After one of class
	// Ambiguous the provider may have it; after all others it has nothing new.
	SubmitTemplate(ctx context.Context, t Template) (TemplateState, error)

	// DeleteTemplate deletes a template at the provider. What happens to one without ExternalID is the provider's choice:
	// all languages of its name may go, or nothing.
	DeleteTemplate(ctx context.Context, t Template) error

	// ListTemplates returns what the provider says of all templates of the account.
	ListTemplates(ctx context.Context) ([]TemplateState, error)
}
