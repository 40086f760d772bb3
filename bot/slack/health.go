package slack

// Connections says how many connections to Slack are open, and how many there should be;
// 0 when Slack sends requests instead (no app token).
func (s *Surface) Connections() (open, wanted int) {
	if s.opt.AppToken == "" {
		return 0, 0
	}
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	return s.links.open, s.opt.Connections
}
