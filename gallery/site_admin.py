"""The owner's side: what the site is called, says and looks like."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse

from gallery.forms import CleanForm
from gallery.models import Page, Photo, Site


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    """One row, made when it is first opened."""

    form = CleanForm
    autocomplete_fields = ["hero"]

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        site, _ = Site.objects.get_or_create()
        return HttpResponseRedirect(reverse("admin:gallery_site_change", args=[site.pk]))

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs["queryset"] = Photo.objects.listed()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def view_on_site(self, site):
        return reverse("home")


@admin.register(Page)
class PageAdmin(admin.ModelAdmin):
    form = CleanForm
    list_display = ["title", "in_menu", "position", "updated_at"]
    list_editable = ["in_menu", "position"]
    prepopulated_fields = {"slug": ["title"]}
    search_fields = ["title", "body"]
