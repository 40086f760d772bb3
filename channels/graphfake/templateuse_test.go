package graphfake

// addTemplate makes an approved template named "t". It fails the test if the template is refused.
func (m *meta) addTemplate(category, format, components string) {
	m.t.Helper()
	body := `{"name":"t","language":"en","category":"` + category + `","parameter_format":"` + format + `","components":[` + components + `]}`
	_, code, id := m.createTemplate(body)
	if code != 0 {
		m.t.Fatalf("creating the template %s: code %d", components, code)
	}
	noError(m.t, m.Review(id, templateApproved, ""))
}
