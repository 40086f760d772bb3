package store

import "slices"

// Roles of agents, as parley.yaml and the column agents.roles write them. Who has one may also do what the next one may:
//
//	super_admin  names admins and other super-admins and takes them out, connects chats, makes tokens that change the
//	             set-up, sees certificates of erasures
//	admin        sets up all else, sees everything, closes conversations, changes templates
//	agent        answers customers; everybody does who is no more than that
//
// While nobody is named super-admin, each admin counts as one: nobody was, before there was this role. Which page each
// opens says its route (package web), which verb package permission.
const (
	RoleSuperAdmin = "super_admin"
	RoleAdmin      = "admin"
	RoleAgent      = "agent"
)

// Roles lists all of them.
func Roles() []string { return []string{RoleSuperAdmin, RoleAdmin, RoleAgent} }

// IsAdmin says whether an agent is an admin, or more than that.
func (a Agent) IsAdmin() bool {
	return slices.Contains(a.Roles, RoleAdmin) || slices.Contains(a.Roles, RoleSuperAdmin)
}

// StoredRoles gives roles as they are stored: a super-admin is an admin, too, also for processes of a version that does
// not know the role.
func StoredRoles(said []string) []string {
	if slices.Contains(said, RoleSuperAdmin) && !slices.Contains(said, RoleAdmin) {
		return append(slices.Clone(said), RoleAdmin)
	}
	return said
}

// SaidRoles gives stored roles as people write them.
func SaidRoles(stored []string) []string {
	if !slices.Contains(stored, RoleSuperAdmin) {
		return stored
	}
	return slices.DeleteFunc(slices.Clone(stored), func(role string) bool { return role == RoleAdmin })
}
