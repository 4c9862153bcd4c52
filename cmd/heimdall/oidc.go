package main

import (
	"fmt"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/oidc"
)

// OIDCConfig is through which other service people may log in, and who: see docs/access.md.
type OIDCConfig struct {
	Issuer       string   `env:"HEIMDALL_OIDC_ISSUER" placeholder:"URL" help:"Let people log in through this service (OpenID Connect), such as https://login.example/realms/radio."`
	ClientID     string   `name:"client-id" env:"HEIMDALL_OIDC_CLIENT_ID" placeholder:"ID" help:"What the service calls this server."`
	ClientSecret string   `env:"HEIMDALL_OIDC_CLIENT_SECRET" placeholder:"SECRET" help:"Secret between the two; set it in the environment, where others cannot read it. Empty for a public client."`
	PublicURL    string   `name:"public-url" env:"HEIMDALL_PUBLIC_URL" placeholder:"URL" help:"This server's address as browsers see it; the service sends them back to /login/oidc/callback below it."`
	Claim        string   `env:"HEIMDALL_OIDC_CLAIM" default:"groups" help:"Claim that the scopes go by; dots lead into objects, such as realm_access.roles (${default})."`
	Scopes       []string `env:"HEIMDALL_OIDC_SCOPES" placeholder:"SCOPE,..." help:"What to ask the service for beside openid, profile and email, if it tells the claim only then."`
	Read         []string `env:"HEIMDALL_OIDC_READ" placeholder:"VALUE,..." help:"Values of the claim that have the scope read; * is everybody whom the service knows."`
	Operate      []string `env:"HEIMDALL_OIDC_OPERATE" placeholder:"VALUE,..." help:"Values that have the scope operate."`
	Admin        []string `env:"HEIMDALL_OIDC_ADMIN" placeholder:"VALUE,..." help:"Values that have the scope admin."`
}

// Validate refuses half a setting.
func (c *OIDCConfig) Validate() error {
	if c.Issuer == "" {
		if c.ClientID != "" || c.ClientSecret != "" {
			return fmt.Errorf("HEIMDALL_OIDC_CLIENT_ID says nothing without HEIMDALL_OIDC_ISSUER: set it, too, or neither")
		}
		return nil
	}
	o := c.oidc()
	if err := o.Validate(); err != nil {
		return fmt.Errorf("log in through another service (HEIMDALL_OIDC_ISSUER, HEIMDALL_OIDC_CLIENT_ID, HEIMDALL_PUBLIC_URL, HEIMDALL_OIDC_READ and so on): %w", err)
	}
	return nil
}

func (c *OIDCConfig) oidc() oidc.Config {
	return oidc.Config{
		Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, PublicURL: c.PublicURL, Claim: c.Claim, Scopes: c.Scopes,
		Grants: map[heimdall.Scope][]string{heimdall.ScopeRead: c.Read, heimdall.ScopeOperate: c.Operate, heimdall.ScopeAdmin: c.Admin},
	}
}

// provider is nil when nobody is to log in that way.
func (c *OIDCConfig) provider() *oidc.Provider {
	if c.Issuer == "" {
		return nil
	}
	return oidc.New(c.oidc())
}
