package engine

// TemplateVerbs lists the verbs that this package applies.
func TemplateVerbs() []Case[*TemplateUseCases] {
	return []Case[*TemplateUseCases]{templateVerb(), templatesVerb(), templateEditVerb(), templateDeleteVerb()}
}
