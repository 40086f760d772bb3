package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// A template is a text with gaps that is prepared in advance: "Your order {{number}} has left." Some channels, such
// as WhatsApp, send nothing else to a customer who hasn't written for a while, and their provider must approve each
// template first. So Parley submits templates, and keeps with each one what the provider decided. Here are the
// rows; template_work.go has the work of telling the provider.

// Template is a prepared text of one account, in one language.
type Template struct {
	ID               TemplateID        `db:"id"`
	AccountID        AccountID         `db:"account_id"`
	Name             string            `db:"name"` // ours; unique with account and language
	Language         string            `db:"language"`
	ProviderName     string            `db:"provider_name"`
	Category         string            `db:"category"`
	Uses             []string          `db:"uses"` // start, reply, window
	Labels           []string          `db:"labels"`
	Header           string            `db:"header"`
	Body             string            `db:"body"`
	Footer           string            `db:"footer"`
	Buttons          []TemplateButton  `db:"buttons"`
	Examples         map[string]string `db:"examples"`
	Version          int               `db:"version"`       // rises with each change that the provider sees
	AskedVersion     int               `db:"asked_version"` // the one that the provider was last asked to make, as ProviderName; 0 if never
	ExternalID       string            `db:"external_id"`   // the provider's id; empty if not known
	Status           string            `db:"status"`        // draft, pending, approved, rejected, paused, disabled
	Reason           string            `db:"reason"`        // why it has this status, for people
	Quality          string            `db:"quality"`       // as the provider rates it
	ProviderCategory string            `db:"provider_category"`
	AgentID          *AgentID          `db:"agent_id"`     // who wrote it
	Todo             string            `db:"todo"`         // what the provider must be told: "", TodoSubmit or TodoDelete
	Tries            int               `db:"tries"`        // attempts to tell the provider about this Todo
	Epoch            int64             `db:"epoch"`        // rises with each claim and each change: results of earlier claims don't count
	SubmittedAt      *time.Time        `db:"submitted_at"` // when the provider accepted this version, database's clock; nil until then
	Busy             bool              `db:"busy"`         // a process has claimed it and tells the provider now
}

// TemplateButton is a button below a Template.
type TemplateButton struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// Values of Template.Todo: what is to be told to the provider.
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

// ListTemplates reads the templates of an account, except those that are being deleted. Account 0 means all accounts.
func ListTemplates(ctx context.Context, q Querier, account AccountID) ([]Template, error) {
	return query.Collect[Template](ctx, q, "templates", listTemplates, account)
}

const listAllTemplates = `SELECT ` + templateColumns + ` FROM templates ORDER BY account_id, name, language`

// ListAllTemplates reads the templates of all accounts, also those that are being deleted.
func ListAllTemplates(ctx context.Context, q Querier) ([]Template, error) {
	return query.Collect[Template](ctx, q, "all templates", listAllTemplates)
}

const getTemplates = `SELECT ` + templateColumns + ` FROM templates WHERE id = ANY($1)`

// Templates reads templates by id, also those that are being deleted.
func Templates(ctx context.Context, q Querier, ids ...TemplateID) ([]Template, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return query.Collect[Template](ctx, q, "templates", getTemplates, ids)
}

// LockTemplates reads templates by id and locks their rows. If two verdicts of the provider are applied at the same
// time, the second one then sees what the first one changed.
func LockTemplates(ctx context.Context, tx pgx.Tx, ids ...TemplateID) ([]Template, error) {
	return query.Collect[Template](ctx, tx, "lock templates", getTemplates+` ORDER BY id FOR UPDATE`, ids)
}

// lockByExternalID finds templates by the provider's id $2 in all accounts of the kind of account $1, because
// accounts of one provider may share templates. It finds nothing if the id is empty, as it is in templates that
// the provider doesn't know.
const lockByExternalID = `
	SELECT ` + templateColumns + `
	FROM templates
	WHERE $2 <> '' AND external_id = $2
		AND account_id IN (SELECT id FROM accounts WHERE kind = (SELECT kind FROM accounts WHERE id = $1))
	ORDER BY id
	FOR UPDATE`

// lockByName finds an account's template by its name and language. $4 is the provider's id, empty if the report has none: a template that
// is known by another id isn't meant. It may become known by $4 while this waits for its lock.
const lockByName = `
	SELECT ` + templateColumns + `
	FROM templates
	WHERE account_id = $1 AND provider_name = $2 AND language = $3
		AND ($4 = '' OR external_id IN ('', $4))
	FOR UPDATE`

// LockReportedTemplates reads and locks the templates that an account's provider reports on: those with the
// provider's id in all accounts of the same kind. If there are none, it is the account's own template with this
// name and language, unless that is known by another id.
func LockReportedTemplates(ctx context.Context, q Querier, account AccountID, external, name, language string) ([]Template, error) {
	found, err := query.Collect[Template](ctx, q, "find templates", lockByExternalID, account, external)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return query.Collect[Template](ctx, q, "find template", lockByName, account, name, language, external)
}

// saveTemplate submits a new template. $14 is resubmit: whether the provider must be told about the change of a
// known one, which then is pending and has a new version. Todo stays if the provider has not been told yet about
// an earlier change, and becomes 'submit' for one that was to be deleted.
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

// SaveTemplate makes or changes a template by account, name and language, and returns its id. A new template is
// always submitted to the provider. A known one is submitted again only if resubmit is true: if something changed
// that the provider sees.
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

// Waits between two comparisons with the provider's list.
const (
	TemplatePendingWait = 15 * time.Minute // while the provider still has to approve a template
	TemplateDailyWait   = 24 * time.Hour   // otherwise
)

// ScheduleTemplateComparison makes the account's next comparison with the provider's list due after wait,
// unless it is due earlier.
func ScheduleTemplateComparison(ctx context.Context, q Execer, account AccountID, wait time.Duration) error {
	return query.Exec(ctx, q, "template list", scheduleComparison, account, wait.Seconds())
}

const retireTemplate = `
	UPDATE templates
	SET todo = 'delete', todo_at = parley_now(), tries = 0, leased_until = NULL, epoch = epoch + 1,
		status = 'disabled', changed_at = parley_now()
	WHERE id = $1`

// RetireTemplate makes a template unavailable. RemoveTemplate deletes the row once the provider has deleted the
// template, too.
func RetireTemplate(ctx context.Context, q Execer, id TemplateID) error {
	return query.Exec(ctx, q, "retire template", retireTemplate, id)
}

const setTemplateState = `
	UPDATE templates
	SET status = $2, reason = $3, quality = $4, provider_category = $5, external_id = $6, changed_at = parley_now()
	WHERE id = $1`

// SetTemplateState writes what the provider decided: Status, Reason, Quality, ProviderCategory and
// ExternalID.
func SetTemplateState(ctx context.Context, q Execer, t Template) error {
	return query.Exec(ctx, q, "template state", setTemplateState, t.ID, t.Status, t.Reason, t.Quality, t.ProviderCategory, t.ExternalID)
}
