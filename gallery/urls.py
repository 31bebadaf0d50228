"""URLs of photos, albums, photographers and the site's own pages."""

from django.urls import path

from gallery import views

urlpatterns = [
    path("photos/", views.photo_list, name="photo_list"),
    path("photos/<name:public_id>/", views.photo, name="photo"),
    path("photos/<name:public_id>/<name:slug>/", views.photo, name="photo_with_slug"),
    path("albums/", views.album_list, name="album_list"),
    path("albums/<name:slug>/", views.album, name="album"),
    path("by/<name:slug>/", views.photographer, name="photographer"),
    path("about/", views.about, name="about"),
    path("pages/<name:slug>/", views.page, name="page"),
    path("share/<name:token>/", views.share, name="share"),
]
