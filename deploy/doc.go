// Package deploy holds what deploy/ promises: that its dashboards' queries run, and that its settings exist. There
// is no code here; the folder is what people copy.
package deploy
