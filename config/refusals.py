"""What a visitor sees who asks for something in a way that it is not given."""

from django.shortcuts import render


class RefusedMethodMiddleware:
    """Give a 405 that says nothing the site's page; what Django answers is empty."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_blank = response.status_code == 405 and not response.content
        if is_blank and not request.path.startswith("/api/"):
            page = render(request, "405.html", status=405)
            page["Allow"] = response["Allow"]
            return page
        return response
