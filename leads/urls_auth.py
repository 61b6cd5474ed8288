"""Signing in and out, and passwords: Django's own views with our templates in templates/registration."""

from django.contrib.auth import views
from django.urls import path

from leads.views.appearance import appearance
from leads.views.sign_in import ChangeView, ForgottenForm, ResetView, SignInForm

urlpatterns = [
    path(
        "login/",
        views.LoginView.as_view(authentication_form=SignInForm, redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("password/", ChangeView.as_view(http_method_names=["get", "post"]), name="password_change"),
    path("password/done/", views.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/reset/", views.PasswordResetView.as_view(form_class=ForgottenForm), name="password_reset"),
    path("password/reset/done/", views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password/reset/<uidb64>/<token>/", ResetView.as_view(), name="password_reset_confirm"),
    path("password/reset/complete/", views.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("appearance/", appearance, name="appearance"),
]
