package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// A template is a text that a provider such as WhatsApp must approve. When an admin saves or deletes one, it must be submitted
// or deleted at the provider (Template.Todo). A process claims such templates for templateLease, calls the provider, and
// records the result: FinishTemplate, RemoveTemplate, or RetryTemplate to try again later. If the process dies, another one
// claims the template once the lease has expired. In addition, the templates of each account are compared with the
// provider's list at intervals, to find approvals that were missed.

// templateLease is the time for calling the provider about a template and recording the result.
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

// ClaimTemplates claims templates of the accounts with a Todo, at most limit, those first that have waited longest.
func ClaimTemplates(ctx context.Context, q Querier, accounts []AccountID, limit int) ([]Template, error) {
	return query.Collect[Template](ctx, q, "claim templates", claimTemplates, accounts, limit, templateLease.Seconds())
}

const noteTemplateAsked = `
	UPDATE templates
	SET asked_version = $3, asked_name = provider_name
	WHERE id = $1 AND epoch = $2
	RETURNING id`

// NoteTemplateAsked records that a version of a claimed template is about to be submitted, and its provider name. Call it
// before the request, so that it isn't forgotten if the process dies. If the provider then creates nothing, call it again with
// the previous version. It does nothing, and returns false, if the template was changed after it was claimed.
func NoteTemplateAsked(ctx context.Context, q Querier, t Template, version int) (bool, error) {
	changed, err := query.Column[int64](ctx, q, "note that a template is asked for", noteTemplateAsked, t.ID, t.Epoch, version)
	return len(changed) > 0, err
}

const finishTemplate = `
	UPDATE templates
	SET todo = '', leased_until = NULL, tries = 0, submitted_at = CASE WHEN $3 THEN clock_timestamp() END
	WHERE id = $1 AND epoch = $2
	RETURNING id`

// FinishTemplate ends the claim of a submitted template. accepted is whether the provider accepted this version; if not, the
// provider may still have the previous one. FinishTemplate does nothing, and returns false, if the template was changed after
// it was claimed.
func FinishTemplate(ctx context.Context, q Querier, t Template, accepted bool) (bool, error) {
	changed, err := query.Column[int64](ctx, q, "finish template", finishTemplate, t.ID, t.Epoch, accepted)
	return len(changed) > 0, err
}

const (
	removeTemplate = `DELETE FROM templates WHERE id = $1 AND epoch = $2`
	forgetProvider = `UPDATE templates SET external_id = '', asked_version = 0 WHERE id = $1 AND todo <> ''`
)

// RemoveTemplate ends the claim of a template that the provider has deleted, and removes its row. If an admin saved the template
// again after it was claimed, the row stays:
//   - If it still has to be submitted, RemoveTemplate clears the provider's id, so that it is submitted as a new one.
//   - If it was submitted already, because the deletion took long, the provider's data about the new one stays.
//
// It uses two statements, because the first may wait until the template is saved, and only a later one sees the saved row.
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

// ApproveTemplate marks a template as approved, for channels that need no approval.
func ApproveTemplate(ctx context.Context, q Execer, id TemplateID) error {
	return query.Exec(ctx, q, "approve template", approveTemplate, id)
}

const retryTemplate = `
	UPDATE templates
	SET leased_until = NULL, todo_at = parley_now() + make_interval(secs => $3), reason = $4
	WHERE id = $1 AND epoch = $2`

// RetryTemplate ends a claim after a failure. The template can be claimed again after wait. reason explains the failure to
// people.
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

// ClaimTemplateLists claims those of the accounts whose templates are due for a comparison with the provider's list.
func ClaimTemplateLists(ctx context.Context, q Querier, accounts []AccountID) ([]AccountID, error) {
	return query.Column[AccountID](ctx, q, "claim template lists", claimTemplateLists, accounts, templateLease.Seconds())
}

const finishTemplateList = `
	UPDATE template_lists
	SET leased_until = NULL, due_at = parley_now() + make_interval(secs => CASE
		WHEN EXISTS (SELECT FROM templates WHERE templates.account_id = template_lists.account_id AND templates.status = 'pending') THEN $2
		ELSE $3::double precision END)
	WHERE account_id = $1`

// FinishTemplateList ends the claim of an account and schedules the next comparison of its templates.
func FinishTemplateList(ctx context.Context, q Execer, account AccountID) error {
	return query.Exec(ctx, q, "template list", finishTemplateList, account, TemplatePendingWait.Seconds(), TemplateDailyWait.Seconds())
}
