package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// When an admin saves or deletes a template, its provider has to be told (Template.Todo). A process claims such
// templates for templateLease, calls the provider, and writes how that went: FinishTemplate, RemoveTemplate, or
// RetryTemplate to try again later. If the process dies, another one claims the template after the lease. Besides,
// the templates of each account are compared with the provider's list from time to time.

// templateLease is how long a process may take to tell a provider about a template and to record the
// answer.
const templateLease = 90 * time.Second

const claimTemplates = `
	UPDATE templates
	SET leased_until = clock_timestamp() + make_interval(secs => $3), epoch = epoch + 1, tries = tries + 1
	WHERE id = ANY(ARRAY(
		SELECT id FROM templates
		WHERE todo <> '' AND todo_at <= (SELECT parley_now()) AND account_id = ANY($1)
			AND (leased_until IS NULL OR leased_until < (SELECT clock_timestamp()))
		ORDER BY todo_at
		LIMIT $2
		FOR UPDATE SKIP LOCKED))
	RETURNING ` + templateColumns

// ClaimTemplates leases at most limit templates of some accounts that the provider is to be told about
// (Template.Todo), those first that have waited longest.
func ClaimTemplates(ctx context.Context, q Querier, accounts []AccountID, limit int) ([]Template, error) {
	return query.Collect[Template](ctx, q, "claim templates", claimTemplates, accounts, limit, templateLease.Seconds())
}

const noteTemplateAsked = `
	UPDATE templates
	SET asked_version = $3, asked_name = provider_name
	WHERE id = $1 AND epoch = $2
	RETURNING id`

// NoteTemplateAsked writes which version of a claimed template the provider is about to be asked to make, and under
// which name. If the attempt then made nothing, call it again with the former version. It returns false, and writes
// nothing, if the template was changed since it was claimed.
func NoteTemplateAsked(ctx context.Context, q Querier, t Template, version int) (bool, error) {
	noted, err := query.Column[int64](ctx, q, "note that a template is asked for", noteTemplateAsked, t.ID, t.Epoch, version)
	return len(noted) > 0, err
}

const finishTemplate = `
	UPDATE templates
	SET todo = '', leased_until = NULL, tries = 0, submitted_at = CASE WHEN $3 THEN clock_timestamp() END
	WHERE id = $1 AND epoch = $2
	RETURNING id`

// FinishTemplate ends the claim of a submitted template. accepted says whether the provider accepted this version;
// if it did not, the provider may still have the version before. FinishTemplate returns false, and writes nothing,
// if the template was changed since it was claimed.
func FinishTemplate(ctx context.Context, q Querier, t Template, accepted bool) (bool, error) {
	done, err := query.Column[int64](ctx, q, "finish template", finishTemplate, t.ID, t.Epoch, accepted)
	return len(done) > 0, err
}

const (
	removeTemplate = `DELETE FROM templates WHERE id = $1 AND epoch = $2`
	forgetProvider = `UPDATE templates SET external_id = '', asked_version = 0 WHERE id = $1 AND todo <> ''`
)

// RemoveTemplate ends the claim of a template that the provider has deleted, and removes its row. If the
// template was saved again since it was claimed, the row stays and is submitted as a new template. If it was submitted already, since
// the deletion took long, what the provider said of the new one stays. These are two statements because the first may wait until the
// template is saved: only a later one sees the saved row.
func RemoveTemplate(ctx context.Context, q Execer, t Template) error {
	if err := query.Exec(ctx, q, "remove template", removeTemplate, t.ID, t.Epoch); err != nil {
		return err
	}
	return query.Exec(ctx, q, "remove template", forgetProvider, t.ID)
}

const approveTemplate = `
	UPDATE templates
	SET status = 'approved', reason = '', todo = '', leased_until = NULL, tries = 0
	WHERE id = $1`

// ApproveTemplate marks a template as approved where no provider has to approve it.
func ApproveTemplate(ctx context.Context, q Execer, id TemplateID) error {
	return query.Exec(ctx, q, "approve template", approveTemplate, id)
}

const retryTemplate = `
	UPDATE templates
	SET leased_until = NULL, todo_at = parley_now() + make_interval(secs => $3), reason = $4
	WHERE id = $1 AND epoch = $2`

// RetryTemplate ends a claim without a result. The template can be claimed again after wait. reason tells people
// why.
func RetryTemplate(ctx context.Context, q Execer, t Template, wait time.Duration, reason string) error {
	return query.Exec(ctx, q, "retry template", retryTemplate, t.ID, t.Epoch, wait.Seconds(), reason)
}

const claimTemplateLists = `
	UPDATE template_lists
	SET leased_until = clock_timestamp() + make_interval(secs => $2)
	WHERE account_id = ANY(ARRAY(
		SELECT account_id FROM template_lists
		WHERE due_at <= (SELECT parley_now()) AND account_id = ANY($1)
			AND (leased_until IS NULL OR leased_until < (SELECT clock_timestamp()))
		FOR UPDATE SKIP LOCKED))
	RETURNING account_id`

// ClaimTemplateLists leases accounts whose templates are to be compared with the provider's list.
func ClaimTemplateLists(ctx context.Context, q Querier, accounts []AccountID) ([]AccountID, error) {
	return query.Column[AccountID](ctx, q, "claim template lists", claimTemplateLists, accounts, templateLease.Seconds())
}

const finishTemplateList = `
	UPDATE template_lists
	SET leased_until = NULL, due_at = parley_now() + make_interval(secs => CASE
		WHEN EXISTS (SELECT FROM templates WHERE templates.account_id = template_lists.account_id AND templates.status = 'pending') THEN $2
		ELSE $3::double precision END)
	WHERE account_id = $1`

// FinishTemplateList ends the claim of an account and sets when its templates are compared next.
func FinishTemplateList(ctx context.Context, q Execer, account AccountID) error {
	return query.Exec(ctx, q, "template list", finishTemplateList, account, TemplatePendingWait.Seconds(), TemplateDailyWait.Seconds())
}
