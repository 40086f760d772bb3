package store

import "slices"

// Roles of agents, as parley.yaml and the column agents.roles write them. Each role may also do what the next ones may:
//
//	super_admin  names admins and other super-admins and takes them out, connects chats, makes tokens that change the
//	             set-up, sees certificates of erasures
//	admin        sets up all else, sees all figures and the log, closes conversations, changes templates
//	agent        answers customers; every agent has this role, named or not
//
// Which conversations somebody may read doesn't depend on roles, except that a super-admin counts among the people of each account:
// see Reader.
//
// While nobody is named super-admin, each admin counts as one, because the role is newer than the others. Routes of
// package web say which role opens which page; package verb (of the engine) says which role may use which verb.
const (
	RoleSuperAdmin = "super_admin"
	RoleAdmin      = "admin"
	RoleAgent      = "agent"
)

// Role is a role of a company's own: its agents may open some lists that others may not. Agents have it by its name.
type Role struct {
	Name  string   `json:"name"`
	Lists []string `json:"lists"`
}

// Lists that roles open.
const (
	OpensAll     = "all"     // all conversations, where all_tab keeps that list for admins
	OpensBlocked = "blocked" // the blocked senders
)

// Opens reports whether an agent may open a list that not everybody may: as an admin, or by one of the company's own roles.
func (a Agent) Opens(list string, roles []Role) bool {
	return a.IsAdmin() || slices.ContainsFunc(roles, func(r Role) bool {
		return slices.Contains(a.Roles, r.Name) && slices.Contains(r.Lists, list)
	})
}

// Roles lists all of them.
func Roles() []string { return []string{RoleSuperAdmin, RoleAdmin, RoleAgent} }

// IsAdmin returns whether an agent is an admin or a super-admin.
func (a Agent) IsAdmin() bool {
	return slices.Contains(a.Roles, RoleAdmin) || slices.Contains(a.Roles, RoleSuperAdmin)
}

// StoredRoles returns roles as they are stored: a super-admin is also stored as an admin, for processes of a version
// that does not know the role.
func StoredRoles(said []string) []string {
	if slices.Contains(said, RoleSuperAdmin) && !slices.Contains(said, RoleAdmin) {
		return append(slices.Clone(said), RoleAdmin)
	}
	return said
}

// SaidRoles returns stored roles as people write them.
func SaidRoles(stored []string) []string {
	if !slices.Contains(stored, RoleSuperAdmin) {
		return stored
	}
	return slices.DeleteFunc(slices.Clone(stored), func(role string) bool { return role == RoleAdmin })
}
