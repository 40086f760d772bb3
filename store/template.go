package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// A template is a text with placeholders: "Your order {{number}} has been shipped." On some channels, such as WhatsApp, only
// templates can be sent to a customer who hasn't written for a day, and the provider must approve each template first. So
// Parley submits templates to the provider and stores its decisions. This file reads and writes the rows. template_work.go
// has the queue of templates that must be submitted or deleted at the provider.

// Template is a template of one account in one language.
type Template struct {
	ID           TemplateID `db:"id"`
	AccountID    AccountID  `db:"account_id"`
	Name         string     `db:"name"` // our name; unique per account and language
	Language     string     `db:"language"`
	ProviderName string     `db:"provider_name"`
	Category     string     `db:"category"`
	Uses         []string   `db:"uses"` // when agents may use it: start, reply, window
	Labels       []string   `db:"labels"`
	TemplateContent
	Version int `db:"version"` // rises with each change that must be submitted
	TemplateRequest
	ExternalID       string   `db:"external_id"` // the provider's id; empty if unknown
	Status           string   `db:"status"`      // draft, pending, approved, rejected, paused, disabled
	Reason           string   `db:"reason"`      // why it has this status, for people
	Quality          string   `db:"quality"`     // the provider's rating
	ProviderCategory string   `db:"provider_category"`
	AgentID          *AgentID `db:"agent_id"` // its author
}

// TemplateContent is what a template says.
type TemplateContent struct {
	Header   string            `db:"header"`
	Body     string            `db:"body"`
	Footer   string            `db:"footer"`
	Buttons  []TemplateButton  `db:"buttons"`
	Examples map[string]string `db:"examples"`
}

// TemplateRequest is what the provider was asked, or is to be asked, about a template.
type TemplateRequest struct {
	AskedVersion int        `db:"asked_version"` // last version that was submitted as ProviderName; 0 if never
	Todo         string     `db:"todo"`          // pending request to the provider: "", TodoSubmit or TodoDelete
	Tries        int        `db:"tries"`         // attempts to do Todo
	Epoch        int64      `db:"epoch"`         // rises with each claim and change; results of earlier claims are discarded
	SubmittedAt  *time.Time `db:"submitted_at"`  // when the provider accepted this version, by the database's clock; nil before
	Busy         bool       `db:"busy"`          // whether a process has claimed it and is doing Todo
}

// TemplateButton is a button below a Template.
type TemplateButton struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// Values of Template.Todo.
const (
	TodoSubmit = "submit"
	TodoDelete = "delete"
)

const templateColumns = `id, account_id, name, language, provider_name, category, uses, labels, header, body, footer, buttons, examples,
	version, CASE WHEN asked_name = provider_name THEN asked_version ELSE 0 END AS asked_version,
	external_id, status, reason, quality, provider_category, agent_id, todo, tries, epoch, submitted_at,
	coalesce(leased_until > clock_timestamp(), false) AS busy`

const listTemplates = `
	SELECT ` + templateColumns + `
	FROM templates
	WHERE todo <> 'delete' AND ($1::bigint = 0 OR account_id = $1)
	ORDER BY account_id, name, language`

// ListTemplates returns the templates of an account, except those that are being deleted. Account 0 means all accounts.
func ListTemplates(ctx context.Context, q Querier, account AccountID) ([]Template, error) {
	return query.Collect[Template](ctx, q, "templates", listTemplates, account)
}

const listAllTemplates = `SELECT ` + templateColumns + ` FROM templates ORDER BY account_id, name, language`

// ListAllTemplates returns the templates of all accounts, including those that are being deleted.
func ListAllTemplates(ctx context.Context, q Querier) ([]Template, error) {
	return query.Collect[Template](ctx, q, "all templates", listAllTemplates)
}

const getTemplates = `SELECT ` + templateColumns + ` FROM templates WHERE id = ANY($1)`

// Templates returns templates by id, including those that are being deleted.
func Templates(ctx context.Context, q Querier, ids ...TemplateID) ([]Template, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return query.Collect[Template](ctx, q, "templates", getTemplates, ids)
}

// LockTemplates returns templates by id and locks their rows, so that concurrent updates from the provider are applied one
// after the other.
func LockTemplates(ctx context.Context, tx pgx.Tx, ids ...TemplateID) ([]Template, error) {
	return query.Collect[Template](ctx, tx, "lock templates", getTemplates+` ORDER BY id FOR UPDATE`, ids)
}

// lockByExternalID finds templates by the provider's id $2 on all accounts of the same kind as account $1, because accounts of
// one provider may share templates. An empty id, which templates have that the provider doesn't know, finds nothing.
const lockByExternalID = `
	SELECT ` + templateColumns + `
	FROM templates
	WHERE $2 <> '' AND external_id = $2
		AND account_id IN (SELECT id FROM accounts WHERE kind = (SELECT kind FROM accounts WHERE id = $1))
	ORDER BY id
	FOR UPDATE`

// lockByName finds an account's template by name and language. $4 is the provider's id in its report, or empty. A template with
// a different id is not the one. The template may get the id $4 while the statement waits for its lock.
const lockByName = `
	SELECT ` + templateColumns + `
	FROM templates
	WHERE account_id = $1 AND provider_name = $2 AND language = $3
		AND ($4 = '' OR external_id IN ('', $4))
	FOR UPDATE`

// LockReportedTemplates returns and locks the templates that a report of an account's provider is about: those with the
// provider's id on all accounts of the same kind. If there are none, it returns the account's own template with this name and
// language, unless that has another id.
func LockReportedTemplates(ctx context.Context, q Querier, account AccountID, externalID, name, language string) ([]Template, error) {
	found, err := query.Collect[Template](ctx, q, "find templates", lockByExternalID, account, externalID)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return query.Collect[Template](ctx, q, "find template", lockByName, account, name, language, externalID)
}

// saveTemplate sets todo to 'submit' for a new template. $14 says whether a changed template must be submitted again: it then
// is pending and has a new version. Otherwise todo stays empty if it was, and becomes 'submit' if an earlier change has not
// been submitted yet, or if the template was to be deleted.
const saveTemplate = `
	INSERT INTO templates (account_id, name, language, provider_name, category, uses, labels, header, body, footer, buttons,
		examples, agent_id, todo)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'submit')
	ON CONFLICT (account_id, name, language) DO UPDATE
	SET provider_name = EXCLUDED.provider_name, category = EXCLUDED.category, uses = EXCLUDED.uses, labels = EXCLUDED.labels,
		header = EXCLUDED.header, body = EXCLUDED.body, footer = EXCLUDED.footer, buttons = EXCLUDED.buttons,
		examples = EXCLUDED.examples, agent_id = EXCLUDED.agent_id, changed_at = parley_now(),
		todo = CASE WHEN $14 OR templates.todo <> '' THEN 'submit' ELSE '' END, todo_at = parley_now(),
		tries = 0, leased_until = NULL, epoch = templates.epoch + 1,
		submitted_at = CASE WHEN $14 THEN NULL ELSE templates.submitted_at END,
		version = templates.version + $14::int, status = CASE WHEN $14 THEN 'pending' ELSE templates.status END,
		reason = CASE WHEN $14 THEN '' ELSE templates.reason END,
		external_id = CASE WHEN templates.provider_name = EXCLUDED.provider_name THEN templates.external_id ELSE '' END,
		asked_version = CASE WHEN templates.provider_name = EXCLUDED.provider_name THEN templates.asked_version ELSE 0 END
	RETURNING id`

const scheduleComparison = `
	INSERT INTO template_lists AS list (account_id, due_at)
	VALUES ($1, parley_now() + make_interval(secs => $2))
	ON CONFLICT (account_id) DO UPDATE SET due_at = least(list.due_at, EXCLUDED.due_at)`

// SaveTemplate creates or updates the template with the given account, name and language, and returns its id. It schedules the
// submission of a new template to the provider. It does so for an existing one only if resubmit is true, which the caller
// sets if something changed that the provider must approve.
func SaveTemplate(ctx context.Context, q Querier, t Template, resubmit bool) (TemplateID, error) {
	examples := t.Examples
	if examples == nil {
		examples = map[string]string{}
	}

	id, err := query.Value[TemplateID](ctx, q, "save template", saveTemplate,
		t.AccountID, t.Name, t.Language, t.ProviderName, t.Category, orEmpty(t.Uses), orEmpty(t.Labels),
		t.Header, t.Body, t.Footer, orEmpty(t.Buttons), examples, t.AgentID, resubmit)
	if err != nil {
		return 0, err
	}
	if err := ScheduleTemplateComparison(ctx, q, t.AccountID, TemplatePendingWait); err != nil {
		return 0, err
	}

	return id, nil
}

// Intervals between two comparisons of an account's templates with the provider's list.
const (
	TemplatePendingWait = 15 * time.Minute // while a template waits for approval
	TemplateDailyWait   = 24 * time.Hour   // otherwise
)

// ScheduleTemplateComparison makes the account's next comparison with the provider's list due after wait, or earlier if it
// already is due earlier.
func ScheduleTemplateComparison(ctx context.Context, q Execer, account AccountID, wait time.Duration) error {
	return query.Exec(ctx, q, "template list", scheduleComparison, account, wait.Seconds())
}

const retireTemplate = `
	UPDATE templates
	SET todo = 'delete', todo_at = parley_now(), tries = 0, leased_until = NULL, epoch = epoch + 1,
		status = 'disabled', changed_at = parley_now()
	WHERE id = $1`

// RetireTemplate disables a template and schedules its deletion at the provider. RemoveTemplate deletes the row after that.
func RetireTemplate(ctx context.Context, q Execer, id TemplateID) error {
	return query.Exec(ctx, q, "retire template", retireTemplate, id)
}

const setTemplateState = `
	UPDATE templates
	SET status = $2, reason = $3, quality = $4, provider_category = $5, external_id = $6, changed_at = parley_now()
	WHERE id = $1`

// SetTemplateState updates what the provider decides: Status, Reason, Quality, ProviderCategory and ExternalID.
func SetTemplateState(ctx context.Context, q Execer, t Template) error {
	return query.Exec(ctx, q, "template state", setTemplateState, t.ID, t.Status, t.Reason, t.Quality, t.ProviderCategory, t.ExternalID)
}
