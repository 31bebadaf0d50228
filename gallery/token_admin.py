"""Tokens of the API in the admin: a photographer makes, sees and revokes their own."""

from django import forms
from django.contrib import admin, messages
from django.template.response import TemplateResponse
from django.utils import timezone

from gallery import services, tokens
from gallery.http import PRIVATE
from gallery.models import ApiToken


class TokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=ApiToken.Scope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiToken
        fields = ["name", "scopes", "expires_at"]


class ApiTokenAdmin(admin.ModelAdmin):
    """Whoever may use the admin makes tokens: one does no more than its owner may do here."""

    form = TokenForm
    list_display = ["name", "secret", "may", "status", "last_used_at", "expires_at", "owner"]
    list_select_related = ["owner"]
    actions = ["revoke"]
    made = ["secret", "may", "status", "created_at", "last_used_at", "expires_at", "owner"]

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return found if request.user.is_superuser else found.filter(owner__user=request.user)

    # --- A token is made once; afterwards only its name changes ---
    def get_fields(self, request, obj=None):
        return TokenForm.Meta.fields if obj is None else ["name", *self.made]

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else self.made

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is not None:
            kwargs["form"] = forms.ModelForm  # without scopes, which stay as they are
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request, obj, form, change):
        if change:
            obj.save(update_fields=["name"])
            return
        owner = services.get_photographer(request.user)
        made, request.token_secret = tokens.make_token(owner=owner, **form.cleaned_data)
        obj.pk, obj.prefix = made.pk, made.prefix

    def response_add(self, request, obj, post_url_continue=None):
        """Show the secret, in this answer only: a redirect would have to keep it somewhere."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"Token “{obj.name}”",
            "secret": request.token_secret,
            "opts": self.opts,
        }
        page = TemplateResponse(request, "admin/gallery/apitoken/made.html", context)
        page["Cache-Control"] = PRIVATE
        return page

    @admin.action(description="Revoke")
    def revoke(self, request, chosen):
        ended = tokens.revoke(chosen)
        self.message_user(request, f"Revoked: {ended}.", messages.SUCCESS)

    # --- Columns ---
    @admin.display(description="Begins with")
    def secret(self, token):
        return f"{token.prefix}…"

    @admin.display(description="May")
    def may(self, token):
        return ", ".join(token.scopes)

    @admin.display(description="State")
    def status(self, token):
        if token.revoked_at:
            return "Revoked"
        has_expired = token.expires_at and token.expires_at <= timezone.now()
        return "Expired" if has_expired else "Works"

    # --- Permissions ---
    def has_module_permission(self, request):
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request, obj=None):
        return False  # they are revoked, and what they were stays known
