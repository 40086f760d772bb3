package slackfake_test

// A modal is a window above Slack's page, with a form. These tests submit modals, and check what becomes of
// each answer of the app.

// newTrigger lets Ann use a shortcut, and gives the trigger with which the app may open a modal for her.
func (a *app) newTrigger() string {
	a.w.t.Helper()
	must(a.w.ann.GlobalShortcut(a.w.ctx, "conv_new"))(a.w.t)
	return a.waitInteraction().TriggerID
}
